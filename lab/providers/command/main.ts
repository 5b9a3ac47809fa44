import { serveProvider } from '../server';
import { commandProvider } from './provider';

serveProvider(commandProvider);
