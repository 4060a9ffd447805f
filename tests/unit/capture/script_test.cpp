#include "provrun/capture/script.hpp"

#include <random>

#include "provrun/base/text.hpp"
#include "support/catch.hpp"

using namespace provrun;

namespace {

std::string programs(std::string_view script) {
  return base::join(capture::programs_of_script(script), " ");
}

}  // namespace

TEST_CASE("the programs that scripts name") {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", ""},
      {"sort a | uniq -c > b && ./fit.py x; /usr/bin/awk 1", "sort uniq ./fit.py /usr/bin/awk"},
      {"sort a\nsort b\r\n", "sort"},
      {"cd x; echo hi; set -e; [ -f x ] && true || exit 1", ""},
      {"if grep -q x y; then cut -f1 z; else tr a b; fi", "grep cut tr"},
      {"if ! cmp a b; then :; elif [[ $a == b* && -f c || d < e ]]; then wc x; fi", "cmp wc"},
      {"for f in *.csv cat dog; do head $f; done | tail", "head tail"},
      {"for ((i=0; i<3; i++)); do seq $i; done", "seq"},
      {"while read -r x; do basename \"$x\"; done < <(find . -name cat)", "basename find"},
      {"case $x in a|b) gcc c;; (d) ld e ;; *) case y in z) ar;; esac;; esac; nm f",
       "gcc ld ar nm"},
      {"case x in\n  a)\n    one\n    ;;\n  b) two\nesac\nthree", "one two three"},
      {"X=1 Y=\"a b\" Z=$(date +%F) python3 run.py", "date python3"},
      {"a=(ls cat\n dog) ; b+=(x); c[1]=2; du", "du"},
      {"# comment sed\nawk '{ print $1 }' x # sed", "awk"},
      {"echo \"$(hostname) `uname -a` $((1 + 2)) ${x:-ls}\"", "hostname uname"},
      {"echo \"`a \"$(b)\"`\"; $(c d) e", "a b c"},
      {"cat <<EOF | tee x\nls\nEOF\nnl <<-'E N D'\n", "cat tee nl"},
      {"cat <<'A' <<B\nls\nA\nmv\nB\ncp x y", "cat cp"},
      {"cat <<-X\n\tls\n\tX\ncp x y", "cat cp"},
      {"grep x <<< \"ls\" 2>/dev/null >&2; 2>err join a b; <in paste &>out", "grep join paste"},
      {"f() { rsync a; }\nfunction g { scp b; }\nfunction h () ( ssh c )\nk () { id; }\nf; g; h; k",
       "rsync scp ssh id"},
      {"(cd x && tar c .) | (gzip) > y", "tar gzip"},
      {"env A=1 nice -n 10 timeout -k 5 60 Rscript x.R", "env nice timeout Rscript"},
      {"exec nohup setsid stdbuf -oL ./server & wait", "nohup setsid stdbuf ./server"},
      {"ls | xargs -0 -n 1 -P4 gzip", "ls xargs gzip"},
      {"sudo -u bob id; time -p sleep 1; /usr/bin/time -f %e du", "sudo id sleep /usr/bin/time du"},
      {"command -v julia; command -p ls; exec 3>x", "ls"},
      {"$CC -c x; \"$PY\" y; ${Z} ls; ~/bin/x; ./*.sh; eval ls", ""},
      {"'my tool' a; \"./b c\"; my\\ x", "my tool ./b c my x"},
      {"py\\\nthon3 x \\\n cat", "python3"},
      {"a && b || c ; d & e |& f", "a b c d e f"},
      {"trap 'rm x' EXIT; : > y; . ./lib.sh; source z", ""},
      {"diff <(sort a) <(sort -r b)", "diff sort"},
      {"x=$(cat <<E\nls\nE\n); wc", "cat wc"},
      {"! true && { mkdir x; }", "mkdir"},
      {"tar x && [[ a =~ ^(b|c)$ ]] && cc", "tar cc"},
      {"echo a#b; echo $# ls; od", "od"},
  };
  for (const auto& [script, expected] : cases) {
    INFO(script);
    CHECK(programs(script) == expected);
  }
}

TEST_CASE("any bytes are read in linear time") {
  for (const std::string& unit :
       {std::string("$("), std::string("`"), std::string("("), std::string("(("), std::string("${"),
        std::string("<<a\n"), std::string("\""), std::string("'"), std::string("case x in "),
        std::string("f()"), std::string("a=("), std::string("[[ "), std::string("\\"),
        std::string("\"$("), std::string("x ( "), std::string("a;"), std::string(")"),
        std::string("$((")}) {
    std::string text;
    while (text.size() < 4'000'000) text += unit;  // long enough for a square to be hours
    INFO(unit);
    CHECK_NOTHROW(capture::programs_of_script(text));
  }
  std::mt19937 random(3);
  const std::string_view signs = "$()`'\"<>|&;{}[]# \n\\=a-!*";
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (int i = 0; i < 100; ++i)
      text += random() % 20 == 0 ? static_cast<char>(random()) : signs[random() % signs.size()];
    capture::programs_of_script(text);
  }
}
