#!/usr/bin/env bash
# A Slurm of our own on loopback for the end-to-end cases: a controller and two nodes, as root, without systemd.
#   slurm.sh start   starts it unless it runs already (2 to 4 s); prints the path of its slurm.conf
#   slurm.sh stop    ends what start has started, and nothing else
# All cases share one; ctest stops it when the last one is over. SLURM_TEST_DIR is where it lives.
set -u
base=${SLURM_TEST_DIR:-${TMPDIR:-/tmp}/provrun-slurm}
PATH=$PATH:/usr/sbin:/sbin
export SLURM_CONF=$base/slurm.conf

alive() { [ -s "$1" ] && kill -0 "$(cat "$1")" 2> /dev/null; }
until_true() {
  local i
  for i in $(seq 150); do "$@" > /dev/null 2>&1 && return 0; sleep 0.1; done
  return 1
}
give_up() {
  echo "slurm.sh: $1" >&2
  tail -n 5 "$base"/log/*.log >&2 2> /dev/null
  exit 1
}
is_up() { [ "$(sinfo -h -N -o '%t' | grep -c -E '^(idle|mix|alloc|comp)$')" = 2 ]; }

# Five ports in a row where nobody listens.
free_ports() {
  local port i
  for port in $(seq 21000 10 29000); do
    for i in 0 1 2 3 4; do
      (: < "/dev/tcp/127.0.0.1/$((port + i))") 2> /dev/null && continue 2
    done
    echo "$port"
    return
  done
}

configure() {
  local host port memory
  host=$(hostname -s 2> /dev/null || uname -n)
  port=$(free_ports)
  memory=$(awk '/MemTotal/ {print int($2 / 1024 * 0.45)}' /proc/meminfo)
  # Nothing uses control groups; version 1 is the plugin that does not look for any before it is used.
  echo 'CgroupPlugin=cgroup/v1' > "$base/cgroup.conf"
  cat > "$base/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$base/run/munge.socket,cred_expire=2
CredType=cred/munge
CryptoType=crypto/munge
StateSaveLocation=$base/state
SlurmdSpoolDir=$base/spool/%n
SlurmctldPidFile=$base/run/slurmctld.pid
SlurmdPidFile=$base/run/slurmd-%n.pid
SlurmctldLogFile=$base/log/slurmctld.log
SlurmdLogFile=$base/log/slurmd-%n.log
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
ReturnToService=2
SchedulerType=sched/backfill
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
DefMemPerCPU=256
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0,sched_min_interval=10000
MinJobAge=300
SlurmdParameters=config_overrides
KillWait=3
SlurmctldTimeout=10
SlurmdTimeout=30
MaxArraySize=10001
JobRequeue=1
AccountingStorageType=accounting_storage/none
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + 1)) CPUs=4 RealMemory=$memory State=UNKNOWN
NodeName=n2 NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + 2)) CPUs=4 RealMemory=$memory State=UNKNOWN
PartitionName=test Nodes=n[1-2] Default=YES MaxTime=INFINITE OverSubscribe=NO State=UP
CONF
}

start() {
  local program
  [ "$(id -u)" = 0 ] || give_up 'only root can start a Slurm'
  for program in munged slurmctld slurmd sbatch; do
    command -v "$program" > /dev/null || give_up "there is no $program: install munge slurmctld slurmd slurm-client"
  done
  alive "$base/run/slurmctld.pid" && is_up && return 0
  stop
  mkdir -p "$base"/{state,log,run,spool/n1,spool/n2} && chmod 755 "$base" "$base/run"
  (umask 077; head -c 1024 /dev/urandom > "$base/munge.key")
  munged --force --key-file="$base/munge.key" --socket="$base/run/munge.socket" --pid-file="$base/run/munged.pid" \
    --log-file="$base/log/munged.log" --seed-file="$base/run/munged.seed" --num-threads=2 9>&- || give_up 'munged did not start'
  configure
  slurmctld 9>&- || give_up 'slurmctld did not start'
  until_true scontrol ping || give_up 'slurmctld does not answer'
  slurmd -N n1 9>&- && slurmd -N n2 9>&- || give_up 'slurmd did not start'
  until_true is_up || give_up 'the nodes are not up'
}

end() {
  local pid i
  [ -s "$1" ] || return 0
  pid=$(cat "$1")
  kill "$pid" 2> /dev/null
  for i in $(seq 50); do kill -0 "$pid" 2> /dev/null || return 0; sleep 0.1; done
  kill -9 "$pid" 2> /dev/null
}

stop() {
  [ -d "$base/run" ] || return 0
  alive "$base/run/slurmctld.pid" && timeout 5 scancel --quiet --partition=test 2> /dev/null
  end "$base/run/slurmd-n1.pid"
  end "$base/run/slurmd-n2.pid"
  end "$base/run/slurmctld.pid"
  end "$base/run/munged.pid"
  case $base in */provrun-slurm*) rm -rf "$base" ;; esac
}

mkdir -p "$(dirname "$base")"
exec 9> "$base.lock"
flock 9 || exit 1
case ${1:-} in
  start) start && echo "$SLURM_CONF" ;;
  stop) stop; rm -f "$base.lock" ;;
  *) echo 'usage: slurm.sh start|stop' >&2; exit 2 ;;
esac
