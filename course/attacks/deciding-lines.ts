import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative, sep } from 'node:path'
import { tellFileTrouble } from '../exercises/file-trouble.ts'
import { ROOT, type Version } from '../programs/versions.ts'
import { ToldError } from '../told-error.ts'
import type { Check, Edit } from './attack.ts'

/** A line of a version's source. */
export interface FoundLine {
  /** Relative to the top of the repo, or to the parent of a folder elsewhere. With slashes. */
  file: string
  /** Counts from 1. */
  number: number
  /** Without its indentation. */
  line: string
}

/** Finds a line in a version. Undefined if the version doesn't have it. */
export async function findLine(version: Version, edit: Edit): Promise<FoundLine | undefined> {
  const file = isShared(edit) ? join(ROOT, edit.file) : join(version.folder, edit.file)
  const lines = (await readFile(file, 'utf8').catch(() => '')).split(/\r?\n/)
  const index = lines.findIndex((line) => line.trim() === edit.line)
  if (index === -1) return undefined
  const isInRepo = file.startsWith(ROOT + sep)
  const shown = isInRepo ? relative(ROOT, file) : join(version.name, edit.file)
  return { file: shown.replaceAll(sep, '/'), number: index + 1, line: edit.line }
}

/** A copy of a version without a check. `remove` deletes its temporary folder. */
export interface WeakenedVersion {
  version: Version
  remove(): Promise<void>
}

/**
 * Copies a version into a temporary folder and removes a check from the copy.
 *
 * @throws {ToldError} if the version doesn't have one of the lines
 * @throws {ToldError} if a file of the version can't be copied
 */
export async function withoutCheck(version: Version, check: Check): Promise<WeakenedVersion> {
  const edits = [check, ...(check.also ?? [])]
  const top = await mkdtemp(join(tmpdir(), 'oauth-lab-'))
  const folder = join(top, 'versions', basename(version.folder))
  const remove = () => rm(top, { recursive: true, force: true })
  try {
    // The tsconfig.json of each version extends this file, so a compiler needs it.
    await cp(join(ROOT, 'tsconfig.base.json'), join(top, 'tsconfig.base.json'))
    await copySource(version.folder, folder)
    const shared = edits.some(isShared) ? await copyShared(top) : join(ROOT, 'shared')
    await link(shared, join(folder, 'node_modules', '@oauth-lab', 'shared'))
    const packages = join(version.folder, 'node_modules')
    for (const name of await readdir(packages).catch(() => [])) {
      if (name !== '@oauth-lab')
        await link(join(packages, name), join(folder, 'node_modules', name))
    }
    for (const edit of edits) {
      if ((await findLine(version, edit)) === undefined) {
        throw new ToldError(`${version.name} has no such line in ${edit.file}: ${edit.line}`)
      }
      await apply(edit, join(isShared(edit) ? top : folder, edit.file))
    }
  } catch (error) {
    await remove()
    throw error
  }
  return { version: { ...version, folder }, remove }
}

async function copyShared(top: string): Promise<string> {
  const copy = join(top, 'shared')
  await copySource(join(ROOT, 'shared'), copy)
  await link(join(ROOT, 'shared', 'node_modules'), join(copy, 'node_modules'))
  return copy
}

async function copySource(from: string, to: string): Promise<void> {
  const isSource = (path: string) =>
    path === from || !['node_modules', 'test'].includes(basename(path))
  // Copies the targets of links, so that removing a line never changes the original.
  try {
    await cp(from, to, { recursive: true, filter: isSource, dereference: true })
  } catch (error) {
    const why = tellFileTrouble(error)
    throw why === undefined ? error : new ToldError(`${from} can't be copied. ${why}`)
  }
}

async function link(target: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  // Windows lets every user create a junction. Other systems ignore the type.
  await symlink(target, path, 'junction')
}

async function apply({ line, without }: Edit, file: string): Promise<void> {
  const lines = (await readFile(file, 'utf8')).split(/\r?\n/)
  lines[lines.findIndex((text) => text.trim() === line)] = without
  await writeFile(file, lines.join('\n'))
}

function isShared({ file }: Edit): boolean {
  return file.startsWith('shared/')
}
