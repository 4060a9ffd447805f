#include "shell_scanner.hpp"

#include <algorithm>
#include <array>

namespace provrun::capture {

namespace {

constexpr int kDeepestScript = 8;  // sh -c inside of sh -c …

constexpr std::array<std::string_view, 68> kBuiltins{
    ".",      ":",       "[",         "alias",    "bg",       "bind",    "break",    "builtin",
    "caller", "cd",      "command",   "compgen",  "complete", "compopt", "continue", "declare",
    "dirs",   "disown",  "echo",      "enable",   "eval",     "exec",    "exit",     "export",
    "false",  "fc",      "fg",        "getopts",  "hash",     "help",    "history",  "jobs",
    "kill",   "let",     "local",     "logout",   "mapfile",  "popd",    "printf",   "pushd",
    "pwd",    "read",    "readarray", "readonly", "return",   "set",     "shift",    "shopt",
    "source", "suspend", "test",      "times",    "trap",     "true",    "type",     "typeset",
    "ulimit", "umask",   "unalias",   "unset",    "wait",     "time",    "coproc",   "fi",
    "done",   "esac",    "}",         "]"};

/// Keywords after which a command comes.
constexpr std::array<std::string_view, 11> kLeading{"if", "then", "elif", "else", "while", "until",
                                                    "do", "{",    "!",    "time", "coproc"};
constexpr std::array<std::string_view, 3> kClosing{"fi", "done", "}"};

constexpr std::array kWrappers{
    Wrapper{"env", "uCS", 0, true},         Wrapper{"exec", "a", 0, false},
    Wrapper{"command", "", 0, false},       Wrapper{"builtin", "", 0, false},
    Wrapper{"nohup", "", 0, false},         Wrapper{"nice", "n", 0, false},
    Wrapper{"ionice", "cnp", 0, false},     Wrapper{"time", "fo", 0, false},
    Wrapper{"timeout", "sk", 1, false},     Wrapper{"sudo", "ugphCDRTU", 0, true},
    Wrapper{"xargs", "adEILnPs", 0, false}, Wrapper{"stdbuf", "ioe", 0, false},
    Wrapper{"setsid", "", 0, false},        Wrapper{"chrt", "TPD", 1, false},
    Wrapper{"taskset", "", 1, false},       Wrapper{"flock", "wE", 1, false}};

constexpr std::array<std::string_view, 6> kShells{"sh", "bash", "dash", "ksh", "zsh", "ash"};

template <typename List>
bool contains(const List& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

std::string_view last_part(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

const Wrapper* wrapper_named(std::string_view name) {
  const auto found = std::find_if(kWrappers.begin(), kWrappers.end(),
                                  [&](const Wrapper& wrapper) { return wrapper.name == name; });
  return found == kWrappers.end() ? nullptr : &*found;
}

/// NAME=…, NAME+=…, NAME[…]=…
bool is_assignment(std::string_view word) {
  std::size_t at = 0;
  const auto is_start = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  if (word.empty() || !is_start(word[0])) return false;
  while (at < word.size() && (is_start(word[at]) || (word[at] >= '0' && word[at] <= '9'))) ++at;
  if (at < word.size() && word[at] == '[') at = std::min(word.find(']', at), word.size() - 1) + 1;
  if (at < word.size() && word[at] == '+') ++at;
  return at < word.size() && word[at] == '=';
}

}  // namespace

void ShellScanner::scan_commands() {
  while (!at_end()) list(false);
}

void ShellScanner::list(bool in_parentheses) {
  Command command;
  std::vector<CaseState> cases;
  while (true) {
    skip_blanks();
    if (at_end()) return;
    const char c = peek();
    if (c == '#') {
      skip_comment();
    } else if (std::string_view("\n;&|()<>").find(c) != std::string_view::npos) {
      if (!take_operator(in_parentheses, command, cases)) return;
    } else {
      const std::size_t before = at_;
      const Word word = read_word();
      if (at_ == before) ++at_;
      const bool number = !word.literal.empty() && !word.quoted &&
                          word.literal.find_first_not_of("0123456789") == std::string::npos;
      if (number && (peek() == '<' || peek() == '>')) continue;  // 2>file
      take_word(word, command, cases);
    }
  }
}

bool ShellScanner::take_operator(bool in_parentheses, Command& command,
                                 std::vector<CaseState>& cases) {
  const bool in_pattern = !cases.empty() && cases.back() == CaseState::pattern;
  const char c = peek();
  if ((c == '<' || c == '>') && peek(1) == '(') {
    at_ += 2;
    ++depth_;
    if (!nested_too_deep()) list(true);
    --depth_;
    return true;
  }
  if (c == '<' || c == '>' || (c == '&' && peek(1) == '>')) {
    if (c == '&') ++at_;
    take_redirection();
    return true;
  }
  ++at_;
  switch (c) {
    case '\n':
      take_here_documents();
      break;
    case ';':
      if (peek() == ';' || peek() == '&') {
        while (peek() == ';' || peek() == '&') ++at_;
        if (!cases.empty() && cases.back() == CaseState::body) cases.back() = CaseState::pattern;
      }
      break;
    case '&':
    case '|':
      if (peek() == c || (c == '|' && peek() == '&')) ++at_;
      break;
    case '(':
      if (in_pattern) return true;
      if (peek() == '(') {
        --at_;
        skip_arithmetic();
      } else {
        ++depth_;
        if (!nested_too_deep()) list(true);
        --depth_;
      }
      command = {};
      command.at_start = false;
      return true;
    case ')':
      if (in_pattern) {
        cases.back() = CaseState::body;
      } else if (in_parentheses) {
        return false;
      }
      break;
    default:
      break;
  }
  command = {};
  return true;
}

void ShellScanner::take_word(const Word& word, Command& command, std::vector<CaseState>& cases) {
  if (!cases.empty() && cases.back() != CaseState::body) {
    CaseState& state = cases.back();
    if (state == CaseState::want_word) {
      state = CaseState::want_in;
    } else if (state == CaseState::want_in) {
      if (word.is("in")) state = CaseState::pattern;
    } else if (word.is("esac")) {
      cases.pop_back();
      command.at_start = false;
    }
    return;
  }
  if (command.at_start) {
    take_command(word, command, cases);
  } else {
    take_argument(word, command);
  }
}

void ShellScanner::take_command(const Word& word, Command& command, std::vector<CaseState>& cases) {
  if (is_assignment(word.literal)) return;
  if (!word.quoted && !word.expanded) {
    if (contains(kLeading, word.literal)) return;
    if (contains(kClosing, word.literal)) {
      command.at_start = false;
      return;
    }
    if (word.is("esac")) {
      if (!cases.empty()) cases.pop_back();
      command.at_start = false;
      return;
    }
    if (word.is("case")) {
      cases.push_back(CaseState::want_word);
      return;
    }
    if (word.is("for") || word.is("select")) {
      command.at_start = false;
      return;
    }
    if (word.is("[[")) {
      skip_condition();
      command.at_start = false;
      return;
    }
    if (word.is("function")) {
      skip_blanks();
      const Word name = read_word();
      if (!take_function(name)) findings_.functions.insert(name.literal);
      return;
    }
    if (take_function(word)) return;
    // Options of the keyword `time`.
    if (word.literal.size() > 1 && word.literal[0] == '-') return;
  }
  take_program(word, command);
}

/// `name ()`: true when it was one; the body follows.
bool ShellScanner::take_function(const Word& word) {
  const std::size_t before = at_;
  skip_blanks();
  if (peek() == '(') {
    ++at_;
    skip_blanks();
    if (peek() == ')') {
      ++at_;
      findings_.functions.insert(word.literal);
      return true;
    }
  }
  at_ = before;
  return false;
}

void ShellScanner::take_program(const Word& word, Command& command) {
  command = {};
  command.at_start = false;
  if (word.expanded) return;
  add(word);
  const std::string_view name = last_part(word.literal);
  command.wrapper = wrapper_named(name);
  if (command.wrapper != nullptr) command.positional = command.wrapper->positional;
  command.is_shell = contains(kShells, name);
}

void ShellScanner::take_argument(const Word& word, Command& command) {
  const std::string_view text = word.literal;
  const bool option = text.size() > 1 && (text[0] == '-' || (command.is_shell && text[0] == '+'));
  if (command.is_shell) {
    if (command.script_next) {
      command = {};
      command.at_start = false;
      if (!word.expanded && depth_ < kDeepestScript)
        ShellScanner(text, findings_, depth_ + 1).scan_commands();
      return;
    }
    if (command.skip_next) {
      command.skip_next = false;
    } else if (option && text.substr(0, 2) != "--") {
      command.script_next = text.find('c') != std::string_view::npos;
      command.skip_next = text.back() == 'o' && !command.script_next;
    } else if (!option) {
      command.is_shell = false;
    }
    return;
  }
  if (command.wrapper == nullptr) return;
  if (command.skip_next) {
    command.skip_next = false;
    return;
  }
  if (option) {
    const bool only_looks = command.wrapper->name == "command" && (text == "-v" || text == "-V");
    if (only_looks)
      command.wrapper = nullptr;
    else
      command.skip_next = text.size() == 2 && command.wrapper->options_with_value.find(text[1]) !=
                                                  std::string_view::npos;
    return;
  }
  if (command.wrapper->assignments && is_assignment(text)) return;
  if (command.positional > 0) {
    --command.positional;
    return;
  }
  take_program(word, command);
}

void ShellScanner::add(const Word& word) {
  const std::string& name = word.literal;
  const bool odd = name.empty() || name.front() == '-' ||
                   std::any_of(name.begin(), name.end(),
                               [](char c) { return static_cast<unsigned char>(c) < ' '; });
  if (odd || contains(kBuiltins, name)) return;
  if (findings_.seen.insert(name).second) findings_.programs.push_back(name);
}

}  // namespace provrun::capture
