#!/bin/sh
# Backup programs side by side: first backup, second with nothing changed, the next day, restore, check of every byte.
#   usage: run_backup.sh FILES BYTES           dataset A is 20000 3g, B is 200000 1400m
#          run_backup.sh days DAYS FILES BYTES  the size after each of so many days
#   PROVRUN (the binary), SYSTEMS (default: provrun restic borg bup casync tar cp find; find only lists), ROUNDS (default 1),
#   SCRATCH, KEEP=1. The data is read from memory: this measures the programs, not the disk.
set -eu
days=; if [ "${1:-}" = days ]; then days=${2:?days}; shift 2; fi
files=${1:?files} bytes=${2:?bytes}
. "$(dirname "$0")/lib.sh"
present=
for s in ${SYSTEMS:-provrun restic borg bup casync tar cp find}; do
  case $s in provrun) present="$present $s" ;; *) if command -v "$s" > /dev/null; then present="$present $s"; fi ;; esac
done
top=$scratch/backup-$files-$bytes data=$scratch/backup-$files-$bytes/data back=$scratch/backup-$files-$bytes/back
name=$files-$bytes
rm -rf "$top"; mkdir -p "$top"
python3 "$bench/gen_dataset.py" make "$data" "$files" "$bytes"
find "$data" -type f -print0 | xargs -0 cat > /dev/null
export RESTIC_PASSWORD=x RESTIC_CACHE_DIR="$top/restic-cache" RESTIC_PROGRESS_FPS=0 BUP_DIR="$top/bup"
export BORG_BASE_DIR="$top/borg-base" BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes
export BORG_RELOCATED_REPO_ACCESS_IS_OK=yes BORG_CHECK_I_KNOW_WHAT_I_AM_DOING=YES XDG_CACHE_HOME="$top/cache"

start() {
  case $1 in
    provrun) echo "$provrun --repo $top/provrun init" ;;
    restic) echo "restic init -q --repository-version 2 -r $top/restic" ;;
    borg) echo "borg init -e none $top/borg" ;;
    bup) echo "bup init" ;;
    *) echo "rm -rf $top/$1; mkdir -p $top/$1" ;;
  esac
}
save() {
  case $1 in
    provrun) echo "cd $data && exec $provrun -q --repo $top/provrun backup ." ;;
    restic) echo "cd $data && exec restic backup -q -r $top/restic ." ;;
    borg) echo "cd $data && exec borg create --compression ${BORG_COMPRESSION:-lz4} $top/borg::{now:%s%f} ." ;;
    bup) echo "bup index $data && exec bup save -q -n d $data" ;;
    casync) echo "exec casync make --without=all --with=unix --store=$top/casync/store.castr $top/casync/last.caidx $data" ;;
    tar) echo "tar -C $data -cf - . | zstd -q -f -3 -T0 -o $top/tar/all.tar.zst" ;;
    cp) echo "exec cp -a $data $top/cp/data" ;;
    find) printf '%s\n' "exec find $data -printf '%s %T@\n'" ;;
  esac
}
bring_back() {
  case $1 in
    provrun) echo "exec $provrun -q --repo $top/provrun restore latest --into $back/$1" ;;
    restic) echo "exec restic restore -q -r $top/restic latest --target $back/$1" ;;
    borg) echo "mkdir -p $back/$1; cd $back/$1 && exec borg extract $top/borg::\$(borg list --short --last 1 $top/borg)" ;;
    bup) echo "exec bup restore -q -C $back/$1 /d/latest/$data/." ;;
    casync) echo "mkdir -p $back/$1; exec casync extract --without=all --with=unix --store=$top/casync/store.castr $top/casync/last.caidx $back/$1" ;;
    tar) echo "mkdir -p $back/$1; zstd -q -dc $top/tar/all.tar.zst | tar -C $back/$1 -xf -" ;;
    cp) echo "exec cp -a $top/cp/data $back/cp" ;;
  esac
}
read_all() {
  case $1 in
    provrun) echo "exec $provrun -q --repo $top/provrun check --read-data" ;;
    restic) echo "exec restic check -q --read-data -r $top/restic" ;;
    borg) echo "exec borg check --verify-data $top/borg" ;;
    bup) echo "exec bup fsck -j2" ;;
    tar) echo "exec zstd -q -t $top/tar/all.tar.zst" ;;
  esac
}
# phase CASE FUNCTION BEFORE: what each system does, one after the other; and its ratio to provrun
phase() {
  for s in $present; do
    command=$($2 "$s")
    if [ -n "$command" ]; then add "$s" "$name/$1" "${3:--}" "$command"; fi
  done | python3 "$bench/measure.py" --rounds "${4:-1}" --warmup 0 --ratio-to provrun
}
sizes() {
  for s in $present; do
    case $s in cp | find) continue ;; esac
    if [ "$s" = casync ] || [ "$s" = tar ] || [ "$s" = provrun ] || [ "$s" = restic ] || [ "$s" = borg ]; then at=$top/$s; else at=$BUP_DIR; fi
    printf '%s\t%s\trepository_bytes\t%s\n' "$s" "$name/$1" "$(du -sb --exclude='bupindex*' --exclude='index-cache' "$at" | cut -f1)"
  done
}
versions() { present=$(echo " $present " | sed 's/ tar / /; s/ cp / /'); }

printf 'dataset\t%s\tfiles\t%s\n' "$name" "$(find "$data" -type f | wc -l)"
printf 'dataset\t%s\tbytes\t%s\n' "$name" "$(find "$data" -type f -printf '%s\n' | awk '{ s += $1 } END { printf "%.0f", s }')"
all=$present
for s in $present; do sh -c "$(start "$s")" > /dev/null 2>&1; done
phase first save
sizes first
versions
if [ -n "$days" ]; then
  for day in $(seq "$days"); do
    python3 "$bench/gen_dataset.py" age "$data" "$day"
    phase "day$day" save
  done
  sizes "day$days"
else
  phase second save - "${ROUNDS:-3}"
  python3 "$bench/gen_dataset.py" age "$data" 1001
  phase next_day save
  sizes next_day
  present=$all
  mkdir "$back"
    # Each into a folder of its own, and nothing is removed in between: ext4 makes files slowly for a minute after that.
  phase restore bring_back
  phase check read_all - "${ROUNDS:-1}"
fi
finish "$top"
