#include "provrun/trace/make_notes.hpp"

#include <algorithm>
#include <array>

#include "provrun/base/text.hpp"

namespace provrun::trace {

// The value is expanded for each recipe, as the target's own: LEVEL:TARGET. From make 4.4 on also
// for each $(shell), where that stands in a recipe: notes are then not one for each recipe.
// The rule keeps make from looking for a way to make this file; the list of makefiles is as it
// would be without it. Fields are separated by the byte 1F, which no file name has.
const std::string_view kTargetsMakefile =
    "override export PROVRUN_MAKE_TARGET = $(MAKELEVEL):$@$(if $@,$(file >>/provrun/targets,"
    "$(MAKELEVEL):$@\x1f$%\x1f"
    "$(if $(filter 3.% 4.0% 4.1% 4.2% 4.3%,$(MAKE_VERSION)),e)"
    "$(if $(findstring k,$(firstword -$(MAKEFLAGS))),k)$(if $(findstring -j,$(MAKEFLAGS)),j)\x1f"
    "$^ $|))\n"
    "/provrun/targets.mk: ;\n"
    "MAKEFILE_LIST :=\n";

namespace {

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (const auto word : base::split(text, ' '))
    if (!word.empty() && std::find(words.begin(), words.end(), word) == words.end())
      words.emplace_back(word);
  return words;
}

bool is_shell(std::string_view program) {
  constexpr std::array<std::string_view, 9> kShells{"sh",  "bash", "dash", "ash", "zsh",
                                                    "ksh", "mksh", "csh",  "tcsh"};
  const auto name = program.substr(program.rfind('/') + 1);
  return std::find(kShells.begin(), kShells.end(), name) != kShells.end();
}

}  // namespace

bool parse_note(std::string_view line, Note& note) {
  const auto fields = base::split(line, '\x1f');
  if (fields.size() != 4) return false;
  const auto colon = fields[0].find(':');
  if (colon == std::string_view::npos || colon + 1 == fields[0].size()) return false;
  note.value = fields[0];
  note.target = fields[0].substr(colon + 1);
  if (!fields[1].empty()) note.target += "(" + std::string(fields[1]) + ")";
  note.exact = fields[2].find('e') != std::string_view::npos;
  note.keeps_going = fields[2].find('k') != std::string_view::npos;
  note.parallel = fields[2].find('j') != std::string_view::npos;
  note.prerequisites = words_of(fields[3]);
  return true;
}

std::string line_of_arguments(const std::vector<std::string>& arguments) {
  const auto count = arguments.size();
  if (count >= 3 && is_shell(arguments[0])) {
    const auto& flags = arguments[count - 2];
    if (flags.size() >= 2 && flags.front() == '-' && flags[1] != '-' && flags.back() == 'c')
      return arguments.back();
  }
  std::string line;
  for (const auto& word : arguments) line += (line.empty() ? "" : " ") + base::shell_quote(word);
  return line;
}

}  // namespace provrun::trace
