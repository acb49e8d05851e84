#!/usr/bin/env node
import '../dist/commands/launch.js';
