import * as x509 from '@peculiar/x509';
import { Identity } from './identities';

/** A client: its certificate, what it sends after it, and the CAs that it speaks for. */
export interface ChainClient {
  readonly identity: Identity;
  readonly sends: readonly Identity[];
}

/** CAs and lists that somebody may give, and the clients of each CA given. */
export interface ChainCase {
  readonly ca: string;
  readonly crl?: string;
  readonly keepsEndedLists?: boolean;
  /** One row for each CA that is given: whoever could come by it. */
  readonly clientsOf: readonly (readonly ChainClient[])[];
}

const client = (identity: Identity, ...sends: Identity[]): ChainClient => ({ identity, sends });
const pems = (...identities: Identity[]) => identities.map(({ pem }) => pem).join('');
const texts = async (...lists: Promise<string>[]) => (await Promise.all(lists)).join('');

/** A root, a CA below it, a client of each. */
async function fleet(
  of: {
    readonly root?: Parameters<typeof Identity.authority>[1];
    readonly site?: Parameters<typeof Identity.authority>[1];
    readonly device?: Parameters<typeof Identity.make>[1];
  } = {},
) {
  const root = await Identity.authority('root', of.root);
  const site = await Identity.authority('site', { signer: root, ...of.site });
  const device = await Identity.make('device', { signer: site, ...of.device });
  const direct = await Identity.make('direct', { signer: root, ...of.device });
  return { root, site, device, direct };
}

/** Extensions of lists, in DER: what they are about. */
const about = {
  clients: new x509.Extension('2.5.29.28', true, Uint8Array.of(0x30, 0x03, 0x81, 0x01, 0xff)),
  authorities: new x509.Extension('2.5.29.28', true, Uint8Array.of(0x30, 0x03, 0x82, 0x01, 0xff)),
  partOne: new x509.Extension(
    '2.5.29.28',
    true,
    Buffer.from(`300ea00ca00a8608${Buffer.from('http://a').toString('hex')}`, 'hex'),
  ),
};
const unknown = new x509.Extension('1.2.3.4.5', true, Uint8Array.of(0x05, 0x00));
const { keyCertSign, cRLSign, digitalSignature, keyEncipherment } = x509.KeyUsageFlags;
const [serverAuth, clientAuth, anyUse] = ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2', '2.5.29.37.0'];

/** Chains as fleets have them: what is judged of each must be what HAProxy does. */
export const chainCases: Readonly<Record<string, () => Promise<ChainCase>>> = {
  'a root, clients of its own and of a CA that they bring': async () => {
    const { root, site, device, direct } = await fleet();
    return { ca: root.pem, clientsOf: [[client(direct), client(device, site), client(device)]] };
  },
  'a root and a CA below it': async () => {
    const { root, site, device } = await fleet();
    return { ca: pems(root, site), clientsOf: [[client(device)], [client(device), client(device, site)]] };
  },
  'a CA without its root': async () => {
    const { root, site, device } = await fleet();
    return { ca: site.pem, clientsOf: [[client(device), client(device, site), client(device, site, root)]] };
  },
  'the lowest CA and the root, the one between brought by the client': async () => {
    const { root, site } = await fleet();
    const line = await Identity.authority('line', { signer: site });
    const device = await Identity.make('device', { signer: line });
    return {
      ca: pems(root, line),
      clientsOf: [[client(await Identity.make('direct', { signer: root }))], [client(device, line, site)]],
    };
  },
  "the root's list, clients of its own": async () => {
    const { root, direct } = await fleet({ root: { pathLength: 0 } });
    return { ca: root.pem, crl: await root.revocationList(), clientsOf: [[client(direct)]] };
  },
  "the root's list and that of a CA that clients bring": async () => {
    const { root, site, device, direct } = await fleet();
    return {
      ca: root.pem,
      crl: await texts(root.revocationList(), site.revocationList()),
      clientsOf: [[client(direct), client(device, site)]],
    };
  },
  'only the list of the CA below': async () => {
    const { root, site, device } = await fleet();
    return {
      ca: pems(root, site),
      crl: await site.revocationList(),
      clientsOf: [[client(device)], [client(device)]],
    };
  },
  "only the root's list, with a CA below": async () => {
    const { root, site, device, direct } = await fleet();
    return {
      ca: pems(root, site),
      crl: await root.revocationList(),
      clientsOf: [[client(direct)], [client(device)]],
    };
  },
  'a revoked client beside another': async () => {
    const { root, site, device } = await fleet();
    const other = await Identity.make('other', { signer: site });
    return {
      ca: pems(root, site),
      crl: await texts(root.revocationList(), site.revocationList({ revoked: [device] })),
      clientsOf: [[client(other)], [client(device), client(other)]],
    };
  },
  'a revoked CA': async () => {
    const { root, site, device, direct } = await fleet();
    return {
      ca: pems(root, site),
      crl: await texts(root.revocationList({ revoked: [site] }), site.revocationList()),
      clientsOf: [[client(direct)], [client(device)]],
    };
  },
  'a list that has ended': async () => {
    const { root, direct } = await fleet({ root: { pathLength: 0 } });
    return {
      ca: root.pem,
      crl: await root.revocationList({ from: -9, to: -1 }),
      clientsOf: [[client(direct)]],
    };
  },
  'a list that has ended and is kept': async () => {
    const { root, direct } = await fleet({ root: { pathLength: 0 } });
    const revoked = await Identity.make('revoked', { signer: root });
    return {
      ca: root.pem,
      crl: await root.revocationList({ from: -9, to: -1, revoked: [revoked] }),
      keepsEndedLists: true,
      clientsOf: [[client(direct), client(revoked)]],
    };
  },
  'an ended list beside the new one': async () => {
    const { root, direct } = await fleet({ root: { pathLength: 0 } });
    const lists = texts(root.revocationList({ from: -9, to: -1 }), root.revocationList());
    return { ca: root.pem, crl: await lists, clientsOf: [[client(direct)]] };
  },
  'a list of tomorrow': async () => {
    const { root, direct } = await fleet({ root: { pathLength: 0 } });
    return { ca: root.pem, crl: await root.revocationList({ from: 1 }), clientsOf: [[client(direct)]] };
  },
  'a list that a namesake signed': async () => {
    const { root, direct } = await fleet({ root: { pathLength: 0 } });
    const namesake = await Identity.authority('root');
    return { ca: root.pem, crl: await namesake.revocationList(), clientsOf: [[client(direct)]] };
  },
  'a list about clients only': async () => {
    const { root, direct } = await fleet({ root: { pathLength: 0 } });
    const crl = await root.revocationList({ extensions: [about.clients] });
    return { ca: root.pem, crl, clientsOf: [[client(direct)]] };
  },
  'lists about clients and about CAs': async () => {
    const { root, direct } = await fleet({ root: { pathLength: 0 } });
    const lists = texts(
      root.revocationList({ extensions: [about.clients] }),
      root.revocationList({ extensions: [about.authorities] }),
    );
    return { ca: root.pem, crl: await lists, clientsOf: [[client(direct)]] };
  },
  'a list that is a part of all': async () => {
    const { root, direct } = await fleet({ root: { pathLength: 0 } });
    const crl = await root.revocationList({ extensions: [about.partOne] });
    return { ca: root.pem, crl, clientsOf: [[client(direct)]] };
  },
  'a list with an unknown critical extension': async () => {
    const { root, direct } = await fleet({ root: { pathLength: 0 } });
    return {
      ca: root.pem,
      crl: await root.revocationList({ extensions: [unknown] }),
      clientsOf: [[client(direct)]],
    };
  },
  'a CA that may not sign lists': async () => {
    const { root, direct } = await fleet({ root: { pathLength: 0, keyUsages: keyCertSign } });
    return { ca: root.pem, crl: await root.revocationList(), clientsOf: [[client(direct)]] };
  },
  'a CA that may sign lists': async () => {
    const { root, direct } = await fleet({
      root: { pathLength: 0, keyUsages: keyCertSign | cRLSign, keyIds: true },
      device: { keyIds: true },
    });
    return { ca: root.pem, crl: await root.revocationList(), clientsOf: [[client(direct)]] };
  },
  'a CA that may not sign certificates': async () => {
    const { root, direct } = await fleet({ root: { keyUsages: cRLSign } });
    return { ca: root.pem, clientsOf: [[client(direct)]] };
  },
  'a root that has ended': async () => {
    const { root, direct } = await fleet({ root: { from: -9, to: -1 } });
    return { ca: root.pem, clientsOf: [[client(direct)]] };
  },
  'a root that has ended beside its renewed self': async () => {
    const { root, direct } = await fleet({ root: { from: -9, to: -1 } });
    const renewed = await Identity.authority('root', { keysOf: root });
    return { ca: pems(root, renewed), clientsOf: [[client(direct)], [client(direct)]] };
  },
  'a root that allows no CA below it, and one': async () => {
    const { root, site, device, direct } = await fleet({ root: { pathLength: 0 } });
    const line = await Identity.authority('line', { signer: site });
    const low = await Identity.make('low', { signer: line });
    return {
      ca: pems(root, site, line),
      clientsOf: [[client(direct)], [client(device)], [client(low)]],
    };
  },
  'a CA for servers only': async () => {
    const { root, site, device } = await fleet({ site: { uses: [serverAuth] } });
    return { ca: pems(root, site), clientsOf: [[client(device)], [client(device)]] };
  },
  'a CA for any use, by name': async () => {
    const { root, site, device } = await fleet({ site: { uses: [anyUse] } });
    return { ca: pems(root, site), clientsOf: [[client(device)], [client(device)]] };
  },
  'clients for servers, for signing, for anything': async () => {
    const { root, direct } = await fleet();
    const others = [
      { uses: [serverAuth] },
      { uses: [clientAuth] },
      { keyUsages: digitalSignature },
      { keyUsages: keyEncipherment },
    ];
    const made = others.map((options) => Identity.make('device', { signer: root, ...options }));
    return {
      ca: root.pem,
      clientsOf: [[client(direct), ...(await Promise.all(made)).map((each) => client(each))]],
    };
  },
  'a client that has ended, one to come, one of a stranger': async () => {
    const { root, direct } = await fleet();
    const ended = await Identity.make('ended', { signer: root, from: -9, to: -1 });
    const early = await Identity.make('early', { signer: root, from: 1 });
    const strange = await Identity.make('direct', { signer: await Identity.authority('stranger') });
    const forged = await Identity.make('direct', { signer: await Identity.authority('root') });
    return { ca: root.pem, clientsOf: [[direct, ended, early, strange, forged].map((each) => client(each))] };
  },
  'a root with an RSA key of 1024 bits': async () => {
    const { root, direct } = await fleet({ root: { rsaBits: 1024 } });
    return { ca: root.pem, clientsOf: [[client(direct)]] };
  },
  'a CA signed with SHA-1': async () => {
    const { root, site, device, direct } = await fleet({
      root: { rsaBits: 2048, hash: 'SHA-1' },
      site: { hash: 'SHA-1' },
    });
    return { ca: pems(root, site), clientsOf: [[client(direct)], [client(device)]] };
  },
  'a CA with an unknown critical extension': async () => {
    const { root, site, device, direct } = await fleet({ site: { extensions: [unknown] } });
    return { ca: pems(root, site), clientsOf: [[client(direct)], [client(device)]] };
  },
  'a client that is its own CA': async () => {
    const pinned = await Identity.make('pinned');
    return { ca: pinned.pem, clientsOf: [[client(pinned)]] };
  },
};
