#include "provrun/exec/plain_command.hpp"

#include <algorithm>
#include <array>

#include "provrun/base/text.hpp"

namespace provrun::exec {

namespace {

// bash's keywords and builtins: a program of the same name on PATH may behave otherwise.
constexpr std::array<std::string_view, 83> kShellWords{
    "!",        ".",         ":",        "[",       "[[",      "]]",     "alias",   "bg",
    "bind",     "break",     "builtin",  "caller",  "case",    "cd",     "command", "compgen",
    "complete", "compopt",   "continue", "coproc",  "declare", "dirs",   "disown",  "do",
    "done",     "echo",      "elif",     "else",    "enable",  "esac",   "eval",    "exec",
    "exit",     "export",    "false",    "fc",      "fg",      "fi",     "for",     "function",
    "getopts",  "hash",      "help",     "history", "if",      "in",     "jobs",    "kill",
    "let",      "local",     "logout",   "mapfile", "popd",    "printf", "pushd",   "pwd",
    "read",     "readarray", "readonly", "return",  "select",  "set",    "shift",   "shopt",
    "source",   "suspend",   "test",     "then",    "time",    "times",  "trap",    "true",
    "type",     "typeset",   "ulimit",   "umask",   "unalias", "unset",  "until",   "wait",
    "while",    "{",         "}"};

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

// Characters that mean something to bash when they stand bare anywhere in a word.
bool is_special(char c) {
  return std::string_view("$`*?[](){}|&;<>\n\r#~!=^\"'\\").find(c) != std::string_view::npos;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::optional<PlainCommand> read() {
    PlainCommand command;
    while (true) {
      while (!text_.empty() && is_blank(text_[0])) text_.remove_prefix(1);
      if (text_.empty()) break;
      if (text_[0] == '<' || text_[0] == '>' || text_.starts_with("2>")) {
        if (!read_redirection(command)) return std::nullopt;
        continue;
      }
      auto word = read_word(command.words.empty() ? Place::command : Place::argument);
      if (!word) return std::nullopt;
      // Digits right before a redirection would be its descriptor.
      if (!text_.empty() && (text_[0] == '<' || text_[0] == '>')) return std::nullopt;
      command.words.push_back(std::move(*word));
    }
    if (command.words.empty() || command.words[0].empty()) return std::nullopt;
    if (std::find(kShellWords.begin(), kShellWords.end(), command.words[0]) != kShellWords.end())
      return std::nullopt;
    return command;
  }

 private:
  enum class Place { command, argument };

  bool read_redirection(PlainCommand& command) {
    const bool error = text_[0] == '2';
    if (error) text_.remove_prefix(1);
    if (error && text_.starts_with(">&1")) {
      text_.remove_prefix(3);
      if (!text_.empty() && !is_blank(text_[0])) return false;
      if (!command.stderr_path.empty()) return false;
      command.stderr_to_stdout = true;
      return true;
    }
    const char direction = text_[0];
    text_.remove_prefix(1);
    const bool append = direction == '>' && text_.starts_with(">");
    if (append) text_.remove_prefix(1);
    if (append && error) return false;
    while (!text_.empty() && is_blank(text_[0])) text_.remove_prefix(1);
    if (text_.empty()) return false;
    auto path = read_word(Place::argument);
    if (!path || path->empty()) return false;
    std::string& target = direction == '<' ? command.stdin_path
                          : error          ? command.stderr_path
                                           : command.stdout_path;
    // A second one of a kind, or one after 2>&1, depends on order: leave it to the shell.
    if (!target.empty() || command.stderr_to_stdout) return false;
    target = std::move(*path);
    if (append) command.append_stdout = true;
    return true;
  }

  std::optional<std::string> read_word(Place place) {
    std::string word;
    while (!text_.empty() && !is_blank(text_[0])) {
      const char c = text_[0];
      if (c == '<' || c == '>') break;
      if (c == '\'') {
        const auto end = text_.find('\'', 1);
        if (end == std::string_view::npos) return std::nullopt;
        word += text_.substr(1, end - 1);
        text_.remove_prefix(end + 1);
      } else if (c == '"') {
        const auto end = text_.find('"', 1);
        if (end == std::string_view::npos) return std::nullopt;
        const auto inside = text_.substr(1, end - 1);
        if (inside.find_first_of("$`\\!") != std::string_view::npos) return std::nullopt;
        word += inside;
        text_.remove_prefix(end + 1);
      } else if (c == '\\') {
        if (text_.size() < 2 || text_[1] == '\n') return std::nullopt;
        word += text_[1];
        text_.remove_prefix(2);
      } else if (c == '=' && place == Place::argument) {
        word += c;  // only before the command it would be an assignment
        text_.remove_prefix(1);
      } else if (is_special(c) || (static_cast<unsigned char>(c) < 0x20)) {
        return std::nullopt;
      } else {
        word += c;
        text_.remove_prefix(1);
      }
    }
    return word;
  }

  std::string_view text_;
};

}  // namespace

std::optional<PlainCommand> parse_plain_command(std::string_view script) {
  return Reader(base::trim(script)).read();
}

}  // namespace provrun::exec
