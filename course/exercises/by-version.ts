import { readdirSync } from 'node:fs'

/**
 * What a file in the folder of each version exports, by the number of the version.
 *
 * @param file such as `checks.ts`, which exports it as `checks`
 */
export async function byVersion<T>(file: string, name: string): Promise<Record<number, T>> {
  const here = new URL('./', import.meta.url)
  const folders = readdirSync(here).filter((folder) => /^v\d+$/.test(folder))
  const rows = folders.map(async (folder): Promise<[number, T]> => {
    const { [name]: exported } = await import(new URL(`${folder}/${file}`, here).href)
    return [Number(folder.slice(1)), exported]
  })
  return Object.fromEntries(await Promise.all(rows))
}
