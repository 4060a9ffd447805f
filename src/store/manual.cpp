#include "provrun/store/manual.hpp"

// Both texts are written into every repository and are part of format version 1: their hashes stand
// in config.json. Restoring with nothing but them is tested against every feature of the format.
namespace provrun::store {

std::string_view restore_script() {
  return R"sh(#!/bin/sh
# Restores a snapshot without provrun. Needs zstd, jq, sha256sum, awk, sed, base64 and GNU touch.
set -eu; export LC_ALL=C
stop() { echo "RESTORE.sh: $*" >&2; exit 1; }
[ $# = 3 ] || stop 'usage: sh RESTORE.sh REPOSITORY SNAPSHOT.json DESTINATION'
case $1 in /*) R=$1 ;; *) R=$PWD/$1 ;; esac
T=$(mktemp -d); trap 'rm -rf "$T"' EXIT; trap 'exit 1' HUP INT TERM
rows() { # chunk pack offset length plain kind: of the index, or, where there is none, of the packs
  for f in "$R"/index/*.tsv.zst; do [ ! -e "$f" ] || zstd -qdc "$f"; done
  [ -e "$f" ] || for f in "$R"/packs/*/*.zst; do
    p=${f##*/} o=$(tail -c 16 "$f" | head -c 8 | od -An -tu8) s=$(wc -c <"$f")
    tail -c +$((o + 9)) "$f" | head -c $((s - o - 28)) | zstd -qdc |
      awk -v p="${p%.zst}" '!/^#/ { print $1, p, $2, $3, $4, $5 }'
  done
}
rows | awk '$6 != "s" { print $1, $2, $3, $4 }' | sort |
  awk -v d="$T/i" '{ f = d substr($1, 1, 3); if (f != o) { if (o) close(o); o = f } print >f }'
get() { # the chunk's verified plaintext, in $T/c
  set -- "$1" $(sed -n "/^$1/{p;q;}" "$T/i$(printf %.3s "$1")")
  [ $# = 5 ] || stop "chunk $1 is in no index"
  p=$R/packs/$(printf %.2s "$3")/$3.zst; [ -e "$p" ] || stop "pack $3 is missing"
  tail -c "+$(($4 + 1))" "$p" | head -c "$5" | zstd -qdc >"$T/c" || stop "pack $3 is damaged"
  [ "$(sha256sum <"$T/c")" = "$1  -" ] || stop "chunk $1 is not what was stored"
}
e() { # type mode time tree list lists chunks name name64 target target64 content: one entry
  [ "$1" != + ] || { walk "$4"; return; }
  n=$8 l=${10}
  [ -z "$9" ] || { n=$(printf %s "$9" | base64 -d; echo x); n=${n%x}; }
  [ -z "${11}" ] || { l=$(printf %s "${11}" | base64 -d; echo x); l=${l%x}; }
  case $n in '' | . | .. | */*) stop "a tree has an invalid name" ;; esac
  set -- "$1" "$2" "$3" "$4" "$5" "$6" "$7" "./$n" "$l" "${12}"
  case $1 in
  d) mkdir "$8"; cd "$8"; walk "$4"; cd .. ;;
  l) ln -s -- "$9" "$8"; touch -hd "@$3" "$8"; return ;;
  f) i=$7
    [ -z "$6" ] || { get "$6"; for j in $(cut -d' ' -f1 "$T/c"); do get "$j"; cat "$T/c"; done >"$T/l"; }
    [ -z "$5" ] || { get "$5"; cat "$T/c" >"$T/l"; }; [ -z "$5$6" ] || i=$(cut -d' ' -f1 "$T/l")
    for j in $i; do get "$j"; cat "$T/c"; done >"$8"
    [ "$(sha256sum <"$8")" = "${10}  -" ] || stop "$8 is not what was stored" ;;
  *) stop "an entry has the unknown type '$1'" ;;
  esac
  chmod "$2" "$8"; touch -d "@$3" "$8"
}
walk() { # the entries of a tree, into the current directory
  get "$1"
  s=$(jq -r '["e",.t,.p//"",.m//"",.d//"",.K//"",.KK//"",((.k//[.c//empty])|join(" ")),.n//"",.N//"",
    .l//"",.L//"",.c//""]|@sh' "$T/c") || stop "tree $1 cannot be read"; eval "$s"
}
h=${2##*-}; [ "$(sha256sum <"$2")" = "${h%.json}  -" ] || stop "$2 is not what was stored"
r=$(jq -r .root "$2"); mkdir "$3"; cd "$3"; walk "$r"
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
tmp/                              files being written; never needed

Chunk. A chunk's id is the SHA-256 of its bytes. It is one zstd frame in a pack. `index/*` has a row
for it, tab-separated: chunk, pack, offset in the pack, length of the frame, length of the chunk, kind
(d data, t tree, l list; s: not a chunk, this segment replaces the one named first). So
    tail -c +$((offset + 1)) packs/ab/PACK.zst | head -c LENGTH | zstd -d | sha256sum
gives the chunk's id.

Pack. Frames, then a skippable frame: its 8 bytes of header, a zstd frame with the table, 20 bytes
(version, 32 bits; offset O of the skippable frame, 64 bits; "PRVPACK1"), numbers little endian. With
S the size of the pack, `tail -c +$((O + 9)) | head -c $((S - O - 28)) | zstd -d` prints the table: a
line that begins with "#", then rows: chunk, offset, length, length of the chunk, kind.

Manifest. JSON; "root" is the chunk id of the root directory's tree.

Tree. One JSON object per line, sorted by the bytes of the names:
    t  "f" file, "d" directory, "l" symbolic link, "+" the entries of another tree belong here
    n  name, or N its bytes in base64 where they are not UTF-8
    p  permission bits, octal     m  modification time, seconds since 1970 with up to 9 decimals
    u, g, U, G  owner's and group's numbers and names
    s  size     c  SHA-256 of the whole file     d  tree of a directory, or of "+"
    k  the file's chunks in order (none: it is empty), K a list of them, KK a list of lists; where
       there is none of the three, the only chunk is c
    l  target of a link, or L in base64

List. One line for each chunk (or list): its id, a space, its length in bytes.
)text";
}

}  // namespace provrun::store
