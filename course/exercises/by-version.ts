import { readdirSync } from 'node:fs'

const HERE = new URL('./', import.meta.url)

/**
 * What a file in the folder of each version exports, by the number of the version.
 *
 * @param file such as `steps.ts`
 * @param name of the export
 */
export async function byVersion<T>(file: string, name: string): Promise<Record<number, T>> {
  const rows = folders().map(async (folder): Promise<[number, T]> => {
    return [numberOf(folder), await load(folder, file, name)]
  })
  return Object.fromEntries(await Promise.all(rows))
}

/** The same for one version alone. Undefined if it has no folder. */
export async function ofVersion<T>(
  number: number,
  file: string,
  name: string,
): Promise<T | undefined> {
  const folder = folders().find((one) => numberOf(one) === number)
  return folder === undefined ? undefined : load(folder, file, name)
}

function folders(): string[] {
  return readdirSync(HERE).filter((folder) => /^v\d+$/.test(folder))
}

function numberOf(folder: string): number {
  return Number(folder.slice(1))
}

async function load<T>(folder: string, file: string, name: string): Promise<T> {
  const { [name]: exported } = await import(new URL(`${folder}/${file}`, HERE).href)
  return exported
}
