import { serveProvider } from '../server';
import { randomProvider } from './provider';

serveProvider(randomProvider);
