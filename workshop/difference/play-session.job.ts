import { BrokenFolderError } from '../../scripts/lib/attack/programs.ts'
import { playSession } from '../../scripts/lib/diff/wire-play.ts'
import type { Version } from '../../scripts/lib/versions.ts'
import { answerJob } from '../jobs/answer.ts'

// A job: while a session plays, time is made to pass for the whole process.
answerJob((version: Version) => playSession(version), [BrokenFolderError])
