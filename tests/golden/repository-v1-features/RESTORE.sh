#!/bin/sh
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
e() { # type mode time tree lists list chunks content size bundle offset name name64 target target64: one entry
  [ "$1" != + ] || { walk "$4"; return; }
  text "${12}" "${13}"; n=$t; case $n in '' | . | .. | */*) stop "a tree has an invalid name" ;; esac
  text "${14}" "${15}"; set -- "$1" "$2" "$3" "$4" "$5" "$6" "$7" "$8" "$9" "${10}" "${11}" "./$n" "$t"
  case $1 in
  d) mkdir "${12}"; cd "${12}"; walk "$4"; cd .. ;;
  l) ln -s -- "${13}" "${12}"; touch -hd "@$3" "${12}"; return ;;
  f) printf '%s\n' $7 >"$T/l"; : >"${12}"
    [ -z "$5" ] || { get "$5"; for j in $(cut -d' ' -f1 "$T/c"); do get "$j"; cat "$T/c"; done >"$T/l"; }
    [ -z "$6" ] || { get "$6"; cat "$T/c" >"$T/l"; }
    [ -z "${10}" ] || { get "${10}"; from "${11}" "$T/c" | head -c "$9" >"${12}"; : >"$T/l"; }
    while read -r j s; do case $j in '') ;; -) truncate -s "+$s" "${12}" ;; *) get "$j"; cat "$T/c" >>"${12}" ;; esac; done <"$T/l"
    [ "$(sha256sum <"${12}")" = "$8  -" ] || stop "${12} is not what was stored" ;;
  *) stop "an entry has the unknown type '$1'" ;; esac
  chmod "$2" "${12}"; touch -d "@$3" "${12}"
}
walk() { # the entries of a tree, into the current directory
  get "$1"; s=$(jq -r '["e",.t,.p//"",.m//"",.d//"",.KK//"",.K//"",((.k//[.c//empty])|join(" ")),.c//"",.s//0,
    (.x//["",0])[],.n//"",.N//"",.l//"",.L//""]|@sh' "$T/c") || stop "tree $1 cannot be read"; eval "$s"
}
h=${2##*-}; [ "$(sha256sum <"$2")" = "${h%.json}  -" ] || stop "$2 is not what was stored"
r=$(jq -r .root "$2"); mkdir "$3"; cd "$3"; walk "$r"
