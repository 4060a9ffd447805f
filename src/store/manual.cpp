#include "provrun/store/manual.hpp"

// Both texts are written into every repository and are part of format version 1: their hashes stand
// in config.json. Restoring with nothing but them is tested against every feature of the format.
namespace provrun::store {

std::string_view restore_script() {
  return R"sh(#!/bin/sh
# Restores a snapshot without provrun. Needs zstd, jq, awk, sed and GNU coreutils (8.31 or newer).
set -eu; export LC_ALL=C
stop() { echo "RESTORE.sh: $*" >&2; exit 1; }
[ $# = 3 ] || stop 'usage: sh RESTORE.sh REPOSITORY SNAPSHOT.json DESTINATION'
case $1 in /*) R=$1 ;; *) R=$PWD/$1 ;; esac; T=$(mktemp -d); trap 'rm -rf "$T"' EXIT; trap 'exit 1' HUP INT TERM
from() { tail -c "+$(($1 + 1))" "$2"; }
rows() { # chunk pack offset length plain kind method: of the index, or, where there is none, of the packs
  for f in "$R"/index/*.tsv.zst; do [ ! -e "$f" ] || zstd -qdc "$f"; done
  [ -e "$f" ] || for f in "$R"/packs/*/*.zst; do
    p=${f##*/} o=$(tail -c 16 "$f" | head -c 8 | od -An -tu8) s=$(wc -c <"$f"); from $((o + 8)) "$f" | head -c $((s - o - 28)) | zstd -qdc | sed "/^#/d; s/\t/&${p%.zst}&/"
  done
}
rows | awk -F '\t' '$6 != "s" { print $1, $2, $3, $4, $7 }' | sort |
  awk -v d="$T/i" '{ f = d substr($1, 1, 3); if (f != o) { if (o) close(o); o = f } print >f }'
get() { # the chunk's verified plaintext, in $T/c; $2 to $7: its id, pack, offset, length, method
  [ "${L-}" != "$1" ] || return 0
  set -- "$1" $(sed -n "/^$1/{p;q;}" "$T/i$(printf %.3s "$1")"); [ $# -ge 5 ] || stop "chunk $1 is in no index"
  b=; [ "${6-}" != patch ] || { for b in $(echo "$@" | cut -d' ' -f8-); do get "$b"; cat "$T/c"; done >"$T/p$7"; b=--patch-from=$T/p$7; }
  p=$R/packs/$(printf %.2s "$3")/$3.zst; [ -e "$p" ] || stop "pack $3 is missing"
  from "$4" "$p" | head -c "$5" | if [ "${6-}" ]; then tail -c +9 | tail -n +2; else cat; fi >"$T/z"
  zstd -qdc ${b:+"$b"} <"$T/z" >"$T/c" || stop "pack $3 is damaged"
  [ "${6-}" != shuffle ] || (cd "$T"; mv c y; n=$(($(wc -c <y) / $7)) i=0 q=
    while [ $i -lt "$7" ]; do from $((i * n)) y | head -c $n | basenc --base16 -w2 >q$i; q="$q q$i" i=$((i + 1)); done
    { paste -d '\0' $q | basenc -d --base16; from $((n * $7)) y; } >c)
  [ "$(sha256sum <"$T/c")" = "$1  -" ] || stop "chunk $1 is not what was stored"; L=$1
}
text() { if [ -z "$2" ]; then t=$1; else t=$(printf %s "$2" | base64 -d; echo x); t=${t%x}; fi; }
e() { # type mode time tree lists list chunks content size bundle offset name name64 target target64 device link: one entry
  [ "$1" != + ] || { walk "$4"; return; }; v=${16} H=${17:+$T/h${17}}
  text "${12}" "${13}"; n=$t; case $n in '' | . | .. | */*) stop "a tree has an invalid name" ;; esac; text "${14}" "${15}"; set -- "$1" "$2" "$3" "$4" "$5" "$6" "$7" "$8" "$9" "${10}" "${11}" "./$n" "$t"
  if [ "$H" ] && [ -e "$H" ]; then l=$(cat "$H"; echo x); ln -P -- "${l%x}" "${12}"; return; fi
  case $1 in
  d) mkdir "${12}"; cd "${12}"; walk "$4"; cd ..; H= ;;
  l) ln -s -- "${13}" "${12}"; touch -hd "@$3" "${12}"; return ;;
  f) printf '%s\n' $7 >"$T/l"; : >"${12}"
    [ -z "$5" ] || { get "$5"; for j in $(cut -d' ' -f1 "$T/c"); do get "$j"; cat "$T/c"; done >"$T/l"; }
    [ -z "$6" ] || { get "$6"; cat "$T/c" >"$T/l"; }
    [ -z "${10}" ] || { get "${10}"; from "${11}" "$T/c" | head -c "$9" >"${12}"; : >"$T/l"; }
    while read -r j s; do case $j in '') ;; -) truncate -s "+$s" "${12}" ;; *) get "$j"; cat "$T/c" >>"${12}" ;; esac; done <"$T/l"
    [ "$(sha256sum <"${12}")" = "$8  -" ] || stop "${12} is not what was stored" ;;
  p) mkfifo "${12}" ;; b | c) mknod "${12}" "$1" "${v%:*}" "${v#*:}" || return 0 ;; s) return ;; # sockets are not made
  *) stop "an entry has the unknown type '$1'" ;; esac
  chmod "$2" "${12}"; touch -d "@$3" "${12}"; [ -z "$H" ] || printf %s "$PWD/${12}" >"$H"
}
walk() { # the entries of a tree, into the current directory
  get "$1"; s=$(jq -r '["e",.t,.p//"",.m//"",.d//"",.KK//"",.K//"",((.k//[.c//empty])|join(" ")),.c//"",.s//0,
    (.x//["",0])[],.n//"",.N//"",.l//"",.L//"",.v//"",(.h//""|gsub("[^0-9A-Za-z:]";"_"))]|@sh' "$T/c") || stop "tree $1 cannot be read"; eval "$s"
}
h=${2##*-}; [ "$(sha256sum <"$2")" = "${h%.json}  -" ] || stop "$2 is not what was stored"; r=$(jq -r .root "$2"); mkdir "$3"; cd "$3"; walk "$r"
)sh";
}

std::string_view format_text() {
  return R"text(provrun repository, format version 1

Everything in this folder can be read with standard tools. To restore a snapshot without provrun:

    sh RESTORE.sh . snapshots/TIME-ID.json DESTINATION

Files, all immutable; names of 64 hexadecimal digits are the SHA-256 of the file's bytes:

FORMAT, RESTORE.sh, config.json   this text, the script, the parameters
packs/ab/ID.zst                   chunks, compressed; a valid zstd file each (`zstd -t` tests it)
index/ID.tsv.zst                  which chunk is where; can be made anew from the packs
snapshots/TIME-ID.json            one manifest for each snapshot; ID is the SHA-256 of the file
epochs/N/...                      claims of writers; not needed for reading
parity/ID.par2                    for packs that are damaged or gone, in the format PAR2 2.0:
                                  par2 repair -B "$PWD" parity/ID.par2
tmp/                              files being written; never needed

Chunk. A chunk's id is the SHA-256 of its bytes. It is one zstd frame in a pack. `index/*` has a row
for it, tab-separated: chunk, pack, offset in the pack, length of the frame, length of the chunk, kind
(d data, t tree, l list; s: not a chunk, this segment replaces the one named first), method. So
    tail -c +$((offset + 1)) packs/ab/PACK.zst | head -c LENGTH | zstd -d | sha256sum
gives the chunk's id where there is no method. Where there is one, the bytes are a skippable frame:
8 bytes, the method again and a line feed, and the zstd frame.
    patch DEPTH CHUNK...   the frame needs zstd -d --patch-from=FILE, FILE being those chunks, one
                           after the other (DEPTH is how many patches are undone in all)
    shuffle W              the frame holds numbers of W bytes in planes: first the first byte of
                           each, then the second of each, and so on, then what was left over

Pack. Frames, then a skippable frame: its 8 bytes of header, a zstd frame with the table, 20 bytes
(version, 32 bits; offset O of the skippable frame, 64 bits; "PRVPACK1"), numbers little endian. With
S the size of the pack, `tail -c +$((O + 9)) | head -c $((S - O - 28)) | zstd -d` prints the table: a
line that begins with "#", then rows: chunk, offset, length, length of the chunk, kind, method if any.

Manifest. JSON; "root" is the chunk id of the root directory's tree.

Tree. One JSON object per line, sorted by the bytes of the names:
    t  "f" file, "d" directory, "l" symbolic link, "p" fifo, "s" socket, "b", "c" devices, "+" the
       entries of another tree belong here
    h  entries with the same text are names of one file    v  major and minor number of a device
    a  extended attributes, values in base64 (setfattr -n NAME -v 0sVALUE FILE sets one)
    n  name, or N its bytes in base64 where they are not UTF-8
    p  permission bits, octal     m  modification time, seconds since 1970 with up to 9 decimals
    u, g, U, G  owner's and group's numbers and names
    s  size     c  SHA-256 of the whole file     d  tree of a directory, or of "+"
    k  the file's chunks in order (none: it is empty), K a list of them, KK a list of lists;
       x  a chunk and an offset: the file is s bytes of it; where there is none of the four, the
       only chunk is c
    l  target of a link, or L in base64

List. One line for each chunk (or list): its id, a space, its length in bytes. "-" instead of an
id stands for so many zeros.
)text";
}

}  // namespace provrun::store
