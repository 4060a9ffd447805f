#include <algorithm>

#include "page.hpp"

// Completion scripts for bash, zsh and fish from the items of the sections "Options" and from words
// like `up|down|path` in the first argument of a synopsis.
namespace manual {
namespace {

struct Option {
  std::vector<std::string> names;  ///< "-j", "--jobs"
  std::string argument;            ///< "N", "FILE", "dot|svg"; empty for a switch
  std::string text;                ///< up to its first sentence's end
};

std::string first_sentence(const std::string& text) {
  const std::string words = plain(text);
  const auto end = std::min({words.find(". "), words.find("; "), words.find(": ")});
  std::string result = words.substr(0, end);
  if (!result.empty() && result.back() == '.') result.pop_back();
  return result;
}

std::vector<Option> options_of(const Page& page) {
  std::vector<Option> options;
  const Section* section = page.find("Options");
  if (section == nullptr) return options;
  for (const auto& block : section->blocks)
    for (const auto& item : block.items) {
      Option option{{}, {}, first_sentence(item.text)};
      for (const auto& term : item.terms) {
        if (!term.starts_with('-')) continue;
        const auto blank = term.find(' ');
        // "-k[N]", "--keep-going[=N]": a value may be joined; the name is what stands before.
        option.names.push_back(term.substr(0, std::min(blank, term.find('['))));
        if (blank != std::string::npos) option.argument = term.substr(blank + 1);
      }
      if (!option.names.empty()) options.push_back(option);
    }
  return options;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::size_t at = 0;
  while (at <= text.size()) {
    const auto end = std::min(text.find(separator, at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

// "up|down|path" in "provrun lineage up|down|path X": the words of a verb's first argument.
std::vector<std::string> first_words(const Page& page) {
  const Section* synopsis = page.find("Synopsis");
  for (const auto& block : synopsis->blocks)
    for (const auto& line : block.lines) {
      const auto words = split(line, ' ');
      for (std::size_t i = 2; i < words.size() && i < 4; ++i)
        if (words[i].find('|') != std::string::npos && words[i].find('[') == std::string::npos &&
            words[i].front() != '-' && std::none_of(words[i].begin(), words[i].end(), [](char c) {
              return c >= 'A' && c <= 'Z';
            }))
          return split(words[i], '|');
    }
  return {};
}

std::string join(const std::vector<std::string>& words, const std::string& between) {
  std::string result;
  for (const auto& word : words) result += (result.empty() ? "" : between) + word;
  return result;
}

std::string names_joined(const std::vector<Option>& options) {
  std::vector<std::string> names;
  for (const auto& option : options)
    names.insert(names.end(), option.names.begin(), option.names.end());
  return join(names, " ");
}

bool is_choice(const std::string& argument) {
  return argument.find('|') != std::string::npos;
}
bool is_folder(const std::string& argument) {
  return argument == "DIR";
}

// For single-quoted shell words.
std::string quoted(const std::string& text) {
  std::string result;
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result;
}

// For zsh's _arguments and _describe, where ':' and brackets separate.
std::string zsh_text(const std::string& text) {
  std::string result;
  for (const char c : quoted(text)) {
    if (c == ':' || c == '[' || c == ']') result += '\\';
    result += c;
  }
  return result;
}

void bash_arguments(std::string& script, const std::vector<Option>& options) {
  for (const auto& option : options) {
    if (option.argument.empty()) continue;
    const std::string names = join(option.names, "|");
    if (is_choice(option.argument))
      script += "    " + names + ") COMPREPLY=($(compgen -W '" +
                join(split(option.argument, '|'), " ") + "' -- \"$cur\")); return ;;\n";
    else if (is_folder(option.argument))
      script += "    " + names + ") COMPREPLY=($(compgen -d -- \"$cur\")); return ;;\n";
    else if (option.argument == "FILE")
      script += "    " + names + ") COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n";
    else
      script += "    " + names + ") COMPREPLY=(); return ;;\n";
  }
}

// The options of all pages whose names take an argument, each name once.
std::vector<Option> with_arguments(const std::vector<Page>& pages) {
  std::vector<Option> result;
  std::vector<std::string> seen;
  for (const auto& page : pages)
    for (auto option : options_of(page)) {
      if (option.argument.empty()) continue;
      std::vector<std::string> fresh;
      for (const auto& name : option.names)
        if (std::find(seen.begin(), seen.end(), name) == seen.end()) fresh.push_back(name);
      seen.insert(seen.end(), fresh.begin(), fresh.end());
      option.names = fresh;
      if (!fresh.empty()) result.push_back(option);
    }
  return result;
}

std::string zsh_option(const Option& option) {
  std::string spec;
  std::string action = ":" + option.argument + ":";
  if (is_choice(option.argument))
    action = ":value:(" + join(split(option.argument, '|'), " ") + ")";
  else if (is_folder(option.argument))
    action += "_directories";
  else if (option.argument == "FILE")
    action += "_files";
  else
    action += " ";
  if (option.argument.empty()) action.clear();
  for (const auto& name : option.names)
    spec += " \\\n        '" + name + "[" + zsh_text(option.text) + "]" + action + "'";
  return spec;
}

}  // namespace

std::string bash_completion(const std::vector<Page>& pages) {
  std::vector<std::string> verbs;
  for (std::size_t i = 1; i < pages.size(); ++i) verbs.push_back(pages[i].verb);
  const std::string global = names_joined(options_of(pages.front()));
  std::string script =
      "# bash completion for provrun; made from docs/manual/cli\n"
      "_provrun() {\n"
      "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} verb= i\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case ${COMP_WORDS[i]} in\n"
      "    -C|--repo|--color|--progress|-f|--file) ((i++)) ;;\n"
      "    -*) ;;\n"
      "    *) verb=${COMP_WORDS[i]}; break ;;\n"
      "    esac\n"
      "  done\n"
      "  case $prev in\n";
  bash_arguments(script, with_arguments(pages));
  script += "  esac\n  case $verb in\n";
  script += "  '')\n    if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W '" + global +
            "' -- \"$cur\"))\n    else COMPREPLY=($(compgen -W '" + join(verbs, " ") +
            "' -- \"$cur\") $(compgen -f -X '!*.y*ml' -- \"$cur\")); fi\n    return ;;\n";
  for (std::size_t i = 1; i < pages.size(); ++i) {
    const auto& page = pages[i];
    std::string words = join(first_words(page), " ");
    if (page.verb == "help") words = join(verbs, " ");
    script += "  " + page.verb + ")\n    if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W '" +
              names_joined(options_of(page)) + " " + global + "' -- \"$cur\")); return; fi\n";
    if (!words.empty())
      script += "    [[ $prev == " + page.verb + " ]] && { COMPREPLY=($(compgen -W '" + words +
                "' -- \"$cur\")); return; }\n";
    script += "    ;;\n";
  }
  script +=
      "  esac\n"
      "  COMPREPLY=($(compgen -f -- \"$cur\"))\n"
      "}\n"
      "complete -o filenames -F _provrun provrun\n";
  return script;
}

std::string zsh_completion(const std::vector<Page>& pages) {
  std::string script =
      "#compdef provrun\n"
      "# zsh completion for provrun; made from docs/manual/cli\n"
      "_provrun() {\n"
      "  local context state state_descr line\n"
      "  typeset -A opt_args\n"
      "  local -a verbs\n"
      "  verbs=(\n";
  for (std::size_t i = 1; i < pages.size(); ++i)
    script += "    '" + pages[i].verb + ":" + zsh_text(plain(pages[i].summary)) + "'\n";
  script += "  )\n  _arguments -C";
  for (const auto& option : options_of(pages.front())) script += zsh_option(option);
  script +=
      " \\\n        '1: :->verb' '*:: :->rest'\n"
      "  case $state in\n"
      "  verb) _describe verb verbs; _files -g '*.y(a|)ml' ;;\n"
      "  rest)\n"
      "    case $words[1] in\n";
  for (std::size_t i = 1; i < pages.size(); ++i) {
    const auto& page = pages[i];
    script += "    " + page.verb + ")\n      _arguments";
    for (const auto& option : options_of(page)) script += zsh_option(option);
    if (page.verb == "help")
      script += " \\\n        '1:verb:((${verbs}))'";
    else if (const auto words = first_words(page); !words.empty())
      script += " \\\n        '1:what:(" + join(words, " ") + ")'";
    script += " \\\n        '*:file:_files' ;;\n";
  }
  script +=
      "    *) _files ;;\n"
      "    esac ;;\n"
      "  esac\n"
      "}\n"
      "_provrun \"$@\"\n";
  return script;
}

std::string fish_completion(const std::vector<Page>& pages) {
  std::string script = "# fish completion for provrun; made from docs/manual/cli\n";
  const auto option_line = [](const std::string& condition, const Option& option) {
    std::string line = "complete -c provrun" + condition;
    for (const auto& name : option.names)
      line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    if (is_choice(option.argument))
      line += " -x -a '" + join(split(option.argument, '|'), " ") + "'";
    else if (is_folder(option.argument))
      line += " -x -a '(__fish_complete_directories)'";
    else if (option.argument == "FILE")
      line += " -r -F";
    else if (!option.argument.empty())
      line += " -x";
    return line + " -d '" + quoted(option.text) + "'\n";
  };
  for (const auto& option : options_of(pages.front())) script += option_line("", option);
  for (std::size_t i = 1; i < pages.size(); ++i) {
    const auto& page = pages[i];
    script += "complete -c provrun -n __fish_use_subcommand -a " + page.verb + " -d '" +
              quoted(plain(page.summary)) + "'\n";
    const std::string condition = " -n '__fish_seen_subcommand_from " + page.verb + "'";
    for (const auto& option : options_of(page)) script += option_line(condition, option);
    if (const auto words = first_words(page); !words.empty())
      script += "complete -c provrun" + condition + " -f -a '" + join(words, " ") + "'\n";
  }
  return script;
}

}  // namespace manual
