import { main } from '@pulumi/pulumi/provider';
import { PackageProvider } from './provider';

void main(new PackageProvider(), process.argv.slice(2));
