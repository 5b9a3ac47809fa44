#!/usr/bin/env node
import 'tsx/cjs';
import { createRequire } from 'node:module';

createRequire(import.meta.url)('./cli.ts');
