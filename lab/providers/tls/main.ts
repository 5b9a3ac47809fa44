import { serveProvider } from '../server';
import { tlsProvider } from './provider';

serveProvider(tlsProvider);
