import { spawnSync } from 'node:child_process'

/** Whether git is installed. Only maintainers' commands need it. */
export const hasGit = spawnSync('git', ['--version']).status === 0
