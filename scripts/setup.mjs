// Every command of the lab starts here. The syntax is old, so even a Node that is too old can run this and
// say so. Newer syntax and static imports belong in lib/run-command.mjs.

const [major = 0, minor = 0] = process.version.slice(1).split('.').map(Number)

if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `oauth-lab needs Node 20.19 or later, and this is ${process.version}. Get a newer one at https://nodejs.org.`,
  )
  process.exitCode = 1
} else {
  import('./lib/run-command.mjs').then(({ run }) => run(process.argv.slice(2)))
}
