#!/usr/bin/env node
import { endProcess } from './end-process.js'
import { main } from './main.js'

await main(process.argv.slice(2))
endProcess()
