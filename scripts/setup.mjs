// What every command of the lab begins with. In the syntax of old Nodes, so that one that is too old
// gets as far as the sentence which says so: newer syntax, and static imports, are for lib/run-command.mjs.

const [major = 0, minor = 0] = process.version.slice(1).split('.').map(Number)

if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `oauth-lab needs Node 20.19 or later, and this is ${process.version}. Get a newer one at https://nodejs.org.`,
  )
  process.exitCode = 1
} else {
  import('./lib/run-command.mjs').then(({ run }) => run(process.argv.slice(2)))
}
