import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

/** The packages that the scripts of the editor import. */
const IMPORTED = [
  '@codemirror/autocomplete',
  '@codemirror/commands',
  '@codemirror/lang-javascript',
  '@codemirror/language',
  '@codemirror/lint',
  '@codemirror/merge',
  '@codemirror/state',
  '@codemirror/view',
  '@lezer/html',
]

/** What the editor shares with the rest of the site. */
const CODE_COLORS = '@oauth-lab/course/differences/code-colors.js'

/** The start of the addresses of these modules. */
export const MODULES = '/vendor/codemirror/'

/** The file of each of these modules, and of those that they import in turn, by its name. */
export const editorModules = findModules().set(
  CODE_COLORS,
  createRequire(import.meta.url).resolve(CODE_COLORS),
)

const imports = Object.fromEntries([...editorModules.keys()].map((name) => [name, MODULES + name]))

/** What the page with the editor needs: the address of each module that others import, and the map by which browsers find it. */
export const EDITOR_ASSETS = {
  modules: ['/assets/editor-code.js', ...Object.values(imports)],
  // Only an inline script can say this.
  importMap: JSON.stringify({ imports }),
}

function findModules(): Map<string, string> {
  const found = new Map<string, string>()
  const find = (names: string[], importer: string) => {
    for (const name of names.filter((name) => !found.has(name))) {
      const folder = folderOf(name, importer)
      const file = join(folder, 'package.json')
      const { exports, dependencies } = JSON.parse(readFileSync(file, 'utf8'))
      found.set(name, join(folder, exports.import))
      find(Object.keys(dependencies ?? {}), file)
    }
  }
  find(IMPORTED, import.meta.filename)
  return found
}

/** The folder of a package, without links: what it imports is beside that. */
function folderOf(name: string, importer: string): string {
  const places = createRequire(importer).resolve.paths(name) ?? []
  const folder = places.map((place) => join(place, name)).find(existsSync)
  if (folder === undefined) throw new Error(`The package ${name} isn't installed.`)
  return realpathSync(folder)
}
