import { type Block, blocksOf } from './blocks.ts'
import { GAP, SLIDE_ROWS } from './size.ts'

/** A part of a text that fills one slide. */
export interface Leaf {
  /** The heading of the part of the section that it is from; empty before the first. */
  heading: string
  /** Markdown. */
  source: string
}

/** By how much the most is made smaller to spread the blocks evenly. */
const STEP = 0.5

/** Spreads a text over slides: each heading begins a new one, and no block is torn apart. */
export function leavesOf(source: string): Leaf[] {
  const leaves: Leaf[] = []
  let heading = ''
  let blocks: Block[] = []
  const close = () => {
    leaves.push(...spread(blocks).map((group) => ({ heading, source: join(group) })))
    blocks = []
  }
  for (const block of blocksOf(source)) {
    if (block.kind !== 'heading') {
      blocks.push(block)
      continue
    }
    close()
    heading = block.source
  }
  close()
  return leaves
}

/** As few slides as it takes, and these as even as they get. */
function spread(blocks: Block[]): Block[][] {
  let best = fill(blocks, SLIDE_ROWS)
  for (let most = SLIDE_ROWS - STEP; most > 0; most -= STEP) {
    const groups = fill(blocks, most)
    if (groups.length > best.length) break
    best = groups
  }
  return best
}

function fill(blocks: Block[], most: number): Block[][] {
  const groups: Block[][] = []
  let group: Block[] = []
  for (const [index, block] of blocks.entries()) {
    if (group.length > 0 && heightOf([...group, ...together(blocks, index)]) > most) {
      groups.push(group)
      group = []
    }
    group.push(block)
  }
  return group.length > 0 ? [...groups, group] : groups
}

/** What announces the next block does not stand apart from it, if the two fit. */
function together(blocks: Block[], index: number): Block[] {
  const pair = blocks.slice(index, index + 2)
  return pair[0]?.announces && heightOf(pair) <= SLIDE_ROWS ? pair : pair.slice(0, 1)
}

function heightOf(blocks: Block[]): number {
  return blocks.reduce((sum, { kind, rows, headRows }, index) => {
    const before = blocks[index - 1]?.kind
    const opens = kind === 'row' && before !== 'row' ? headRows : 0
    const gap = index === 0 || (kind === 'row' && before === 'row') ? 0 : GAP
    return sum + gap + opens + rows
  }, 0)
}

function join(blocks: Block[]): string {
  return blocks
    .map(({ kind, source, head }, index) => {
      const before = blocks[index - 1]?.kind
      if (kind === 'row') return before === 'row' ? source : `\n${head}\n${source}`
      return kind === 'item' && before === 'item' ? source : `\n${source}`
    })
    .join('\n')
    .trim()
}
