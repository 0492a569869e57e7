/** @file Starts a Slurm cluster of one node in a temporary folder, and ends it by process id, for tests. */

import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname, tmpdir, userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

/** Debian has some of the programs in /usr/sbin, which is not on every PATH. */
const PATH = [process.env.PATH, '/usr/sbin', '/usr/local/sbin'].join(delimiter);
const PROGRAMS = ['munged', 'slurmctld', 'slurmd', 'sbatch', 'squeue', 'scancel', 'scontrol'];

/** A running cluster with the partitions main and high. A job in high preempts those in main. */
export interface Cluster {
  /** The environment in which Slurm's commands find the cluster. */
  readonly env: NodeJS.ProcessEnv;
  readonly node: string;
  /** Runs a command of Slurm and returns its standard output. */
  readonly run: (program: string, ...args: string[]) => string;
  readonly stop: () => Promise<void>;
}

/** Why no cluster can be started here; false if it can. */
export function noCluster(): string | false {
  const folders = PATH.split(delimiter);
  const missing = PROGRAMS.filter((name) => !folders.some((folder) => existsSync(join(folder, name))));
  if (missing.length === 0) return false;
  return `nothing is tested on a real Slurm, because ${missing.join(', ')} cannot be found; install it with \`apt-get install --no-install-recommends slurmctld slurmd slurm-client munge\``;
}

/** Starts the cluster in a temporary folder, which `stop` removes. */
export async function startCluster(): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'wnlstm-slurm-'));
  const node = hostname().replace(/\..*/, '');
  const at = (name: string): string => join(folder, name);
  writeFileSync(at('munge.key'), randomBytes(1024), { mode: 0o400 });
  for (const name of ['state', 'spool']) mkdirSync(at(name));
  writeFileSync(at('slurm.conf'), await configuration(folder, node));
  const env = { ...process.env, PATH, SLURM_CONF: at('slurm.conf') };
  const run = (program: string, ...args: string[]): string => {
    const { status, stdout, stderr } = spawnSync(program, args, { env, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  const files = { key: 'munge.key', pid: 'munged.pid', log: 'munged.log', seed: 'munge.seed' };
  const munge = Object.entries(files).map(([kind, name]) => `--${kind}-file=${at(name)}`);
  try {
    run('munged', '--force', `--socket=${at('munge.sock')}`, ...munge);
    run('slurmctld');
    run('slurmd');
    await untilTrue(() => run('sinfo', '-h', '-o', '%T').includes('idle'), 'the node is idle');
  } catch (error) {
    await endDaemons(folder);
    throw error;
  }
  return {
    env,
    node,
    run,
    stop: async () => {
      run('scancel', '--user', userInfo().username);
      await untilTrue(() => run('squeue', '-h') === '', 'the queue is empty').finally(() =>
        endDaemons(folder),
      );
      rmSync(folder, { recursive: true });
    },
  };
}

/** Ends the daemons of a cluster by their process ids. */
async function endDaemons(folder: string): Promise<void> {
  for (const name of ['slurmd.pid', 'slurmctld.pid', 'munged.pid']) {
    const path = join(folder, name);
    if (!existsSync(path)) continue;
    const pid = Number(readFileSync(path, 'utf8'));
    if (pid > 0 && isRunning(pid)) process.kill(pid, 'SIGTERM');
    await untilTrue(() => !isRunning(pid), `${name} has ended`);
  }
}

async function configuration(folder: string, node: string): Promise<string> {
  const { username } = userInfo();
  const [controller, daemon] = [await freePort(), await freePort()];
  return `
ClusterName=test
SlurmctldHost=${node}(127.0.0.1)
SlurmctldPort=${controller}
SlurmdPort=${daemon}
AuthType=auth/munge
AuthInfo=socket=${folder}/munge.sock,cred_expire=5
SlurmUser=${username}
SlurmdUser=${username}
StateSaveLocation=${folder}/state
SlurmdSpoolDir=${folder}/spool
SlurmctldPidFile=${folder}/slurmctld.pid
SlurmdPidFile=${folder}/slurmd.pid
SlurmctldLogFile=${folder}/slurmctld.log
SlurmdLogFile=${folder}/slurmd.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=1
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SchedulerParameters=sched_min_interval=100000,sched_interval=1
NodeName=${node} NodeAddr=127.0.0.1 CPUs=2 RealMemory=500 State=UNKNOWN
PartitionName=main Nodes=${node} Default=YES State=UP PriorityTier=1
PartitionName=high Nodes=${node} State=UP PriorityTier=10 PreemptMode=OFF
`;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

/** Whether a process runs. In a container nobody may wait for a daemon that has ended: Z. */
function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** Waits until a condition is true, at most a minute and a half. */
export async function untilTrue(condition: () => boolean, what: string): Promise<void> {
  for (const deadline = Date.now() + 90_000; !condition(); ) {
    if (Date.now() > deadline) throw new Error(`Waited too long until ${what}.`);
    await setTimeout(100);
  }
}
