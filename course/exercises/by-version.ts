import { readdirSync } from 'node:fs'

const HERE = new URL('./', import.meta.url)

/** What a file such as `steps.ts` exports in the folder of each version, by the number of the version. */
export async function byVersion<T>(file: string): Promise<Record<number, T>> {
  const modules = folders().map(async (folder): Promise<[number, T]> => {
    return [numberOf(folder), await load(folder, file)]
  })
  return Object.fromEntries(await Promise.all(modules))
}

/** The same for one version alone. Undefined if it has no folder. */
export async function ofVersion<T>(number: number, file: string): Promise<T | undefined> {
  const folder = folders().find((one) => numberOf(one) === number)
  return folder === undefined ? undefined : load(folder, file)
}

function folders(): string[] {
  return readdirSync(HERE).filter((folder) => /^v\d+$/.test(folder))
}

function numberOf(folder: string): number {
  return Number(folder.slice(1))
}

function load<T>(folder: string, file: string): Promise<T> {
  return import(new URL(`${folder}/${file}`, HERE).href)
}
