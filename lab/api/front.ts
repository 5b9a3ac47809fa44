import type { IncomingMessage, ServerResponse } from 'node:http';
import { readCall, sendError, sendJson, sendXml, type AwsCall } from './awsCall';
import { AwsError } from './awsError';
import { answerEc2 } from './ec2';
import { Lag } from './ec2/lag';
import { MotoNetwork } from './ec2/motoNetwork';
import { accountId, type Region } from './ec2/region';
import type { Faults } from './faults';
import { authenticate, type Caller } from './iam/authenticate';
import { authorize, callerArn } from './iam/authorize';
import type { InstanceCredentials } from './iam/instanceCredentials';
import { authorizeRunner } from './iam/runnerPolicy';
import { mustBeOfPartition } from './iam/policyDocuments';
import { RolePolicies } from './iam/rolePolicies';
import { log } from './log';
import type { HttpAnswer } from './moto';
import { answerPublicParameters } from './publicParameters';
import { refuseLargeSecret } from './secretSize';
import { answerServiceQuotas } from './quotas';
import { answerS3 } from './s3/answer';

/** The AWS API of the lab's region: judges each call, answers what it owns, passes the rest to moto. */
export class AwsFront {
  private readonly policies: RolePolicies;
  private readonly network: MotoNetwork;
  private readonly lag = new Lag();

  constructor(
    private readonly region: Region,
    private readonly issued: InstanceCredentials,
    private readonly faults: Faults,
    private readonly now: () => number = Date.now,
  ) {
    this.policies = new RolePolicies(region.moto, region.name);
    this.network = new MotoNetwork(region);
  }

  /** To be awaited before the first call. */
  async prepare(): Promise<void> {
    await this.network.prepare();
  }

  /** `fromRunner` is a fact of the connection, not of what the request says. */
  async handle(incoming: IncomingMessage, outgoing: ServerResponse, fromRunner: boolean): Promise<void> {
    const begun = performance.now();
    const call = await readCall(incoming);
    this.showClock(call, fromRunner, outgoing);
    let outcome = '200';
    try {
      const answered = await this.answer(call, fromRunner, outgoing);
      if (!answered) outcome = 'hung';
    } catch (thrown) {
      if (outgoing.headersSent) throw thrown;
      const error = sendError(outgoing, call, thrown);
      outcome = `${error.status} ${error.code}: ${error.message}`;
    }
    const tookMs = (performance.now() - begun).toFixed(1);
    log(`${call.sourceAddress} ${call.service}:${call.action} ${tookMs} ms ${outcome}`);
  }

  /** A clock that judges signatures is the one that dates the answers: clients learn from them how far they are off. */
  private showClock({ service, action }: AwsCall, fromRunner: boolean, outgoing: ServerResponse): void {
    const skewMs = this.faults.skewMs({ service, action, caller: fromRunner ? 'runner' : 'instance' });
    if (skewMs !== 0) outgoing.setHeader('date', new Date(this.now() + skewMs).toUTCString());
  }

  private async answer(call: AwsCall, fromRunner: boolean, outgoing: ServerResponse): Promise<boolean> {
    const caller = authenticate(call, fromRunner, this.issued, this.faults, this.now());
    const closed = new Promise<void>((done) => outgoing.once('close', done));
    const target = { service: call.service, action: call.action, caller: caller.kind };
    if (!(await this.faults.suffer(target, closed))) {
      outgoing.destroy();
      return false;
    }
    if (caller.kind === 'instance') await authorize(this.region, this.policies, call, caller.credentials);
    else await authorizeRunner(this.region, call);
    if (call.service === 'ec2') await this.answerEc2(call, caller.kind, this.faults.lagMs(target), outgoing);
    else await this.answerOthers(call, caller, outgoing);
    return true;
  }

  private async answerEc2(
    call: AwsCall,
    caller: Caller['kind'],
    lagMs: number,
    outgoing: ServerResponse,
  ): Promise<void> {
    const { parameters, credential } = call;
    if (credential?.region !== this.region.name) {
      const message = `The lab's region is ${this.region.name}, not ${credential?.region ?? 'unknown'}.`;
      throw new AwsError(
        'InvalidRegion',
        `${message} Set the stack's region to it, or start the lab with yours.`,
      );
    }
    if (parameters.flag('DryRun') === true) {
      throw new AwsError('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412);
    }
    this.lag.mustBeKnown(parameters, lagMs);
    const asSeen = (body: string) => this.lag.answer(caller, parameters, body, lagMs);
    const own = await answerEc2(this.region, parameters, call.requestId);
    if (own !== undefined) {
      sendXml(outgoing, call.requestId, 200, asSeen(own));
      return;
    }
    let send = () => {};
    await this.network.pass(parameters, async (body) => {
      const answer = await this.forward(call, Buffer.from(body));
      const done = answer.status < 300;
      send = () =>
        relay(outgoing, done ? { ...answer, body: Buffer.from(asSeen(answer.body.toString())) } : answer);
      return done;
    });
    send();
  }

  private async answerOthers(call: AwsCall, caller: Caller, outgoing: ServerResponse): Promise<void> {
    if (call.service === 'sts' && call.action === 'GetCallerIdentity' && caller.kind === 'instance') {
      const identity = callerIdentity(callerArn(this.region.name, caller.credentials), call.requestId);
      sendXml(outgoing, call.requestId, 200, identity);
      return;
    }
    if (call.protocol === 's3') {
      relay(outgoing, await answerS3(call, caller.kind, this.region));
      return;
    }
    mustBeOfPartition(call, this.region.name);
    refuseLargeSecret(call);
    const own =
      answerServiceQuotas(call, this.region) ??
      (await answerPublicParameters(call, this.region.moto, this.region.name));
    if (own !== undefined) {
      sendJson(outgoing, call.requestId, own);
      return;
    }
    const answer = await this.forward(call, call.request.body);
    if (call.service === 'iam' && !/^(Get|List)/.test(call.action)) this.policies.forget();
    relay(outgoing, answer);
  }

  private async forward(call: AwsCall, body: Buffer): Promise<HttpAnswer> {
    const { method, url, headers } = call.request;
    // EC2 by GET has its parameters in the body by now.
    const form = { ...headers, 'content-type': 'application/x-www-form-urlencoded' };
    const asPost = call.service === 'ec2' && method === 'GET';
    return this.region.moto.forward(
      asPost ? 'POST' : method,
      asPost ? '/' : url,
      asPost ? form : headers,
      body,
    );
  }
}

function relay(outgoing: ServerResponse, { status, headers, body }: HttpAnswer): void {
  outgoing.writeHead(status, { ...headers, 'content-length': body.length });
  outgoing.end(body);
}

function callerIdentity(arn: string, requestId: string): string {
  const userId = `AROALAB:${arn.split('/').at(-1) ?? ''}`;
  const result = `<Arn>${arn}</Arn><UserId>${userId}</UserId><Account>${accountId}</Account>`;
  return [
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">',
    `<GetCallerIdentityResult>${result}</GetCallerIdentityResult>`,
    `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>`,
    '</GetCallerIdentityResponse>',
  ].join('');
}
