#include "provrun/capture/script.hpp"

#include <random>

#include "support/catch.hpp"

using provrun::capture::programs_of_script;

namespace {

using Programs = std::vector<std::string>;

struct Case {
  const char* script;
  Programs programs;
};

}  // namespace

TEST_CASE("the programs of a script are the words at command positions") {
  const std::vector<Case> cases{
      {"", {}},
      {"ls -l", {"ls"}},
      {"python3 src/clean.py raw.csv -o tidy.csv", {"python3"}},
      {"./split.sh a; /usr/bin/awk '{print $1}' b", {"./split.sh", "/usr/bin/awk"}},
      {"sort a | uniq -c|head && wc -l || tail & cut x",
       {"sort", "uniq", "head", "wc", "tail", "cut"}},
      {"a |& b", {"a", "b"}},
      {"grep x a\ngrep y b\nsed z", {"grep", "sed"}},
      {"LANG=C sort x", {"sort"}},
      {"A=1 B+=2 C[1]=3 sort x", {"sort"}},
      {"A=1", {}},
      {"A=(one two $(three)) four", {"three", "four"}},
      {"(cd x && tar cf - .) | gzip > out", {"tar", "gzip"}},
      {"{ one; two; } 2>&1 | three", {"one", "two", "three"}},
      {"! grep -q x y", {"grep"}},
      {"echo hi; cd /; exit 1; true; [ -f x ]; test -f y", {}},
      {"# comment ls\nsort # wc\n#x", {"sort"}},
      {"sort a#b", {"sort"}},
      {"sort \\\n  --unique \\\n  file\nwc", {"sort", "wc"}},
      {"sort\r\nwc\r\n", {"sort", "wc"}},
  };
  for (const Case& one : cases) {
    INFO(one.script);
    CHECK(programs_of_script(one.script) == one.programs);
  }
}

TEST_CASE("redirections and process substitutions are no commands, what they run is") {
  const std::vector<Case> cases{
      {"> out sort < in 2>err >>more 2>&1 &> both wc", {"sort"}},
      {">out 2>err sort", {"sort"}},
      {"diff <(sort a) <(uniq b) > >(tee log)", {"diff", "sort", "uniq", "tee"}},
      {"cat <<< word; wc", {"cat", "wc"}},
      {"sort >| x; wc >&2", {"sort", "wc"}},
  };
  for (const Case& one : cases) {
    INFO(one.script);
    CHECK(programs_of_script(one.script) == one.programs);
  }
}

TEST_CASE("quotes and expansions hide words, and substitutions inside of them are commands") {
  const std::vector<Case> cases{
      {"'my tool' x", {"my tool"}},
      {"\"sort\" x", {"sort"}},
      {"so\"r\"t x", {"sort"}},
      {"\\sort x", {"sort"}},
      {"echo 'a; ls' \"b | wc\" c\\;d", {}},
      {"echo \"$(date +%F) `hostname`\"", {"date", "hostname"}},
      {"x=$(sort a | uniq) y=`wc b`", {"sort", "uniq", "wc"}},
      {"echo $(a $(b \"$(c)\"))", {"a", "b", "c"}},
      {"echo `a \\`b\\``", {"a", "b"}},
      {"echo ${x:-$(fallback)} ${#y} ${z%'}'}; sort", {"fallback", "sort"}},
      {"echo $((1 + $(count) * (2))) ; sort", {"count", "sort"}},
      {"((i++)); sort", {"sort"}},
      {"echo $'it\\'s; ls'; sort", {"sort"}},
      {"echo $\"translated; ls\"; sort", {"sort"}},
      {"$CC -o x; \"$HOME/bin/t\"; ${X}y; ~/bin/t; {a,b}; *.sh; sort", {"sort"}},
      {"{inputs.tool} x; python3 {inputs.script}", {"python3"}},
      {"echo $ ; sort $", {"sort"}},
  };
  for (const Case& one : cases) {
    INFO(one.script);
    CHECK(programs_of_script(one.script) == one.programs);
  }
}

TEST_CASE("keywords, loops, conditions and functions of the shell") {
  const std::vector<Case> cases{
      {"if grep -q x f; then sort f; elif wc f; then cut f; else tr a b; fi; head f",
       {"grep", "sort", "wc", "cut", "tr", "head"}},
      {"for f in ls wc *.csv; do sort $f; done | uniq", {"sort", "uniq"}},
      {"for f\ndo sort $f\ndone", {"sort"}},
      {"for ((i = 0; i < 3; i++)); do sort; done", {"sort"}},
      {"while read -r line; do cut x; done < <(find .)", {"cut", "find"}},
      {"until ping -c1 h; do sleep 1; done", {"ping", "sleep"}},
      {"case $x in a|b) sort ;; (c) wc; cut ;; *) echo;; esac; head",
       {"sort", "wc", "cut", "head"}},
      {"case \"$1\" in\n  start)\n    one\n    ;;\n  stop) two ;&\n  x) three ;;&\nesac\nfour",
       {"one", "two", "three", "four"}},
      {"case x in y) case z in w) inner ;; esac ;; v) outer ;; esac", {"inner", "outer"}},
      {"[[ -f x && y =~ ^(a|b)$ ]] && sort", {"sort"}},
      {"f() { sort; }; g () { wc; }\nfunction h { cut; }\nfunction k() { tr; }\nf; g; h; k; other",
       {"sort", "wc", "cut", "tr", "other"}},
      {"main() { late; }\nlate() { sort; }\nmain", {"sort"}},
      {"time -p sort x; select x in a b; do wc; done", {"sort", "wc"}},
      {"set -euo pipefail\nset -x\nexport A=1\nsort", {"sort"}},
  };
  for (const Case& one : cases) {
    INFO(one.script);
    CHECK(programs_of_script(one.script) == one.programs);
  }
}

TEST_CASE("here-documents are text, but their substitutions run") {
  const std::vector<Case> cases{
      {"cat <<EOF\nls; wc\n$(date) `id`\nEOF\nsort", {"cat", "date", "id", "sort"}},
      {"cat <<'EOF'\n$(date)\nEOF\nsort", {"cat", "sort"}},
      {"cat <<-END | wc\n\tls\n\tEND\nsort", {"cat", "wc", "sort"}},
      {"cat <<A <<B\nls\nA\nwc\nB\nsort", {"cat", "sort"}},
      {"cat <<EOF\nnever closed\nls", {"cat"}},
      {"x=$(cat <<EOF\nls )\nEOF\n); sort", {"cat", "sort"}},
  };
  for (const Case& one : cases) {
    INFO(one.script);
    CHECK(programs_of_script(one.script) == one.programs);
  }
}

TEST_CASE("wrappers name themselves and the program after them") {
  const std::vector<Case> cases{
      {"env -i A=1 B=2 python3 x", {"env", "python3"}},
      {"env -u NAME python3", {"env", "python3"}},
      {"exec java -jar x", {"java"}},
      {"command -v git; command git x", {"git"}},
      {"nohup nice -n 10 timeout -s KILL 5m ./tool x", {"nohup", "nice", "timeout", "./tool"}},
      {"sudo -u ada tee f", {"sudo", "tee"}},
      {"find . | xargs -n 1 -P4 gzip -9", {"find", "xargs", "gzip"}},
      {"stdbuf -oL grep x; setsid d", {"stdbuf", "grep", "setsid", "d"}},
      {"bash -c 'sort x | wc'; sh -euc \"cut y\"; bash script.sh -c 'no'",
       {"bash", "sort", "wc", "sh", "cut"}},
      {"bash -o pipefail -c 'tr a b'", {"bash", "tr"}},
      {"timeout 5 bash -c 'inner'", {"timeout", "bash", "inner"}},
      {"env", {"env"}},
  };
  for (const Case& one : cases) {
    INFO(one.script);
    CHECK(programs_of_script(one.script) == one.programs);
  }
}

TEST_CASE("hostile scripts end") {
  for (const std::string unit :
       {"$(",    "`",       "((",  "${",   "\"$(", "<(",    "{ ", "case x in ",
        "<<E\n", "a<<'",    "(",   "[[ ",  "x=(",  "\\",    "'",  "bash -c '",
        "$((",   "${x:-$(", "if ", "f() ", ")",    "esac ", ";;", "\n"}) {
    std::string script;
    while (script.size() < 4'000'000) script += unit;  // long enough for a square to be hours
    INFO(unit);
    CHECK_NOTHROW(programs_of_script(script));
  }
}

TEST_CASE("random scripts are survived", "[fuzz]") {
  std::mt19937 random(3);
  const std::vector<std::string> words{
      "$(", ")",    "`",  "'",    "\"", "\\",  "\n", ";",  "|",        "&",       "case",
      "in", "esac", "if", "done", "<<", "<<-", "E",  "((", "))",       "${",      "}",
      "[[", "]]",   "=",  "x",    " ",  "#",   "$'", "<(", "function", "bash -c "};
  for (int round = 0; round < 5000; ++round) {
    std::string script;
    for (int i = 0; i < 60; ++i)
      script += random() % 6 == 0 ? std::string(1, static_cast<char>(random()))
                                  : words[random() % words.size()];
    CHECK_NOTHROW(programs_of_script(script));
  }
}
