import type { X509Certificate } from 'node:crypto';
import type { Problems } from '../rendering/problems';
import type { Chain } from './chains';
import { chainOf, isSame, isSelfSigned, refusalIn } from './chains';
import { isoSeconds, readCertificates, subjectOf } from './contents';
import { factsOf } from './extensions';
import { covers, isInTime, listFor, readRevocationLists, type RevocationList } from './revocationLists';

/** What HAProxy is given to judge clients' certificates by. */
export interface ClientTrustArgs {
  readonly ca: string;
  readonly crl?: string;
  /** A list that has ended counts on. */
  readonly keepsEndedLists?: boolean;
  /** PEM of clients' certificates, each with what its client sends after it. */
  readonly samples?: readonly string[];
}

interface Trust {
  readonly authorities: readonly X509Certificate[];
  readonly lists: readonly RevocationList[] | undefined;
  readonly keepsEndedLists: boolean;
  readonly now: Date;
}

/**
 * Judges as OpenSSL will: a CA whose clients would all be refused, and a sample that would be, are problems under
 * `path`. OpenSSL asks a list of every CA of a client's chain once there are lists.
 */
export function checkClientTrust(
  { ca, crl, keepsEndedLists = false, samples = [] }: ClientTrustArgs,
  path: string,
  problems: Problems,
  now = new Date(),
): void {
  const authorities = readCertificates(ca, `${path}.ca`, problems);
  const lists = crl === undefined ? undefined : readRevocationLists(crl, `${path}.crl`, problems);
  if (authorities.length === 0) return;
  const trust: Trust = { authorities, lists, keepsEndedLists, now };
  const chains = startsOf(trust).map((start) => chainOf(start, authorities, [], now));
  const refusals = chains.flatMap((chain) => refusalOfClientsOf(chain, now) ?? []);
  for (const refusal of new Set(refusals)) problems.add(`${path}.ca`, refusal);
  if (crl !== undefined && lists === undefined) return;
  const refusalsOfLists = new Set(chains.flatMap((chain) => refusalsByLists(chain, chains, trust)));
  for (const refusal of refusalsOfLists) problems.add(`${path}.crl`, refusal);
  if (samples.length === 0 && refusals.length === 0 && refusalsOfLists.size === 0)
    askForSamples(chains, trust, path, problems);
  for (const [index, sample] of samples.entries())
    checkSample(sample, trust, `${path}.samples[${index}]`, problems);
}

/** Of certificates of one CA, an old and a renewed one, the one that OpenSSL takes. */
function startsOf({ authorities, now }: Trust): readonly X509Certificate[] {
  const isTwin = (a: X509Certificate, b: X509Certificate) =>
    factsOf(a).subject === factsOf(b).subject && a.publicKey.equals(b.publicKey);
  const rank = (authority: X509Certificate) =>
    refusalIn([authority], 'authority', now) === undefined ? Infinity : Date.parse(authority.validTo);
  return authorities.filter((authority, index) => {
    const twins = authorities.filter((other) => isTwin(authority, other));
    const best = twins.toSorted((a, b) => rank(b) - rank(a))[0];
    return best !== undefined && authorities.indexOf(best) === index;
  });
}

/** Why nobody gets in who has a certificate of the chain's first CA. */
function refusalOfClientsOf({ certificates, missing }: Chain, now: Date): string | undefined {
  const [first] = certificates;
  // A client's own certificate may stand for itself.
  const isPinned = first !== undefined && isSelfSigned(first) && !factsOf(first).isAuthority;
  const refusal = refusalIn(certificates, isPinned ? 'client' : 'authority', now);
  if (refusal !== undefined) return refusal;
  const last = certificates.at(-1);
  return missing === undefined || last === undefined
    ? undefined
    : `${subjectOf(last)} is signed by ${quoted(missing)}, which is not among them, and OpenSSL takes nobody whose chain ends at no root:` +
        ` add the certificates that lead from it up to its root`;
}

/** What lacks of lists for the clients of the chain's first CA. */
function refusalsByLists(
  { certificates, missing }: Chain,
  chains: readonly Chain[],
  trust: Trust,
): readonly string[] {
  const [first] = certificates;
  if (first === undefined || missing !== undefined || trust.lists === undefined) return [];
  const { authorities, lists } = trust;
  const isRootOfOthers = chains.some(({ certificates: [, ...above] }) =>
    above.some((each) => isSame(each, first)),
  );
  // Who comes by a CA below is served though this one's list should speak of CAs only.
  const forClients =
    isRootOfOthers || hasListsOfOthers(lists, authorities) ? [] : [refusalByList(first, undefined, trust)];
  return [...forClients, ...refusalsOfAuthorities(certificates, trust)].flatMap((refusal) => refusal ?? []);
}

/** Lists of CAs that are not given: clients send the certificates of these with their own. */
function hasListsOfOthers(
  lists: readonly RevocationList[],
  authorities: readonly X509Certificate[],
): boolean {
  const given = new Set(authorities.map((authority) => factsOf(authority).subject));
  return lists.some(({ issuer }) => !given.has(issuer));
}

/** Each CA is looked up in its issuer's list, and a root in its own. */
function refusalsOfAuthorities(
  authorities: readonly X509Certificate[],
  trust: Trust,
): readonly (string | undefined)[] {
  return authorities.map((authority, index) =>
    refusalByList(authorities[index + 1] ?? authority, authority, trust),
  );
}

/** Why a certificate is refused by its issuer's list; without one, a client's that is not known. */
function refusalByList(
  issuer: X509Certificate,
  certificate: X509Certificate | undefined,
  { lists = [], keepsEndedLists, now }: Trust,
): string | undefined {
  const [name, issuerFacts] = [subjectOf(issuer), factsOf(issuer)];
  const facts = certificate === undefined ? undefined : factsOf(certificate);
  const list = listFor(lists, issuerFacts, facts, now);
  if (list === undefined) {
    const present = [...new Set(lists.map(({ issuerText }) => JSON.stringify(issuerText)))].join(', ');
    return `has no list of the CA ${name}${present === '' ? '' : ` (it has those of ${present})`}, and OpenSSL would refuse all of its clients; add that CA's, empty if need be`;
  }
  if (!list.isSignedBy(issuer))
    return `${list.name} names the CA ${name} and is not signed by it; give the list that it signed`;
  if (issuerFacts.keyUsages?.includes('crlSign') === false)
    return `the CA ${name} may not sign lists (keyUsage has no cRLSign), and OpenSSL would refuse all of its clients; have it issued with cRLSign, or give no lists`;
  if (list.from > now)
    return `${list.name} is not valid before ${isoSeconds(list.from)}; give one that is valid now`;
  if (!isInTime(list, now) && !keepsEndedLists)
    return `${list.name} should have been renewed by ${isoSeconds(list.to ?? now)}, and OpenSSL would refuse every client; give the CA's newest`;
  if (!covers(list, facts))
    return `${list.name} of the CA ${name} is not about ${facts?.isAuthority === true ? 'certificates of CAs' : 'all certificates of clients'} (issuingDistributionPoint), and OpenSSL would refuse who comes by them; give a whole list`;
  if (list.hasUnknownCritical)
    return `${list.name} has a critical extension that OpenSSL does not know and refuses; give one without`;
  if (certificate !== undefined && list.revokes(certificate.serialNumber))
    return `${list.name} revokes ${subjectOf(certificate)}`;
  return undefined;
}

/**
 * A root with nothing but its own list: where it signs clients itself they get in, and where a CA in between does,
 * nobody. Only a client's certificate can tell.
 */
function askForSamples(
  chains: readonly Chain[],
  { lists, authorities }: Trust,
  path: string,
  problems: Problems,
): void {
  if (lists === undefined || hasListsOfOthers(lists, authorities)) return;
  for (const { certificates } of chains) {
    const [root] = certificates;
    if (root === undefined || !isSelfSigned(root) || factsOf(root).pathLength === 0) continue;
    const isAlone = !chains.some(({ certificates: [, ...above] }) =>
      above.some((each) => isSame(each, root)),
    );
    if (isAlone)
      problems.add(
        `${path}.crl`,
        `has a list of the root CA ${subjectOf(root)} and of no CA below it: clients whose certificates it signed itself get in, all that come by a CA in between would be refused. ` +
          `Give samples, a client's certificate with those that it sends after it, by which this is tried; or add the CAs in between to ca and their lists to crl`,
      );
  }
}

function checkSample(pem: string, trust: Trust, path: string, problems: Problems): void {
  const [client, ...sent] = readCertificates(pem, path, problems);
  if (client === undefined) return;
  const { certificates, missing } = chainOf(client, trust.authorities, sent, trust.now);
  const refusal = refusalIn(certificates, 'client', trust.now);
  const last = certificates.at(-1) ?? client;
  if (refusal !== undefined) problems.add(path, refusal);
  else if (missing !== undefined)
    problems.add(
      path,
      `leads to ${subjectOf(last)}, signed by ${quoted(missing)}, which is not in ca, so it would be refused; add the certificates up to the root to ca, or to the sample what the client sends beside its own`,
    );
  else if (trust.lists !== undefined)
    for (const [index, certificate] of certificates.entries()) {
      const reason = refusalByList(certificates[index + 1] ?? certificate, certificate, trust);
      if (reason === undefined) continue;
      problems.add(path, `${subjectOf(client)} would be refused: crl ${reason}`);
      return;
    }
}

function quoted(name: string): string {
  return JSON.stringify(name.split('\n').join(', '));
}
