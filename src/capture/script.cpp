#include "provrun/capture/script.hpp"

#include <algorithm>
#include <iterator>
#include <set>

namespace provrun::capture {

namespace {

/// Reserved words and builtins that no script means as a program.
constexpr std::string_view kNotPrograms[] = {
    "fi",       "done",    "esac",      "for",      "select",  "in",       "}",       "]]",
    ".",        ":",       "[",         "alias",    "bg",      "bind",     "break",   "builtin",
    "caller",   "cd",      "compgen",   "complete", "compopt", "continue", "declare", "dirs",
    "disown",   "echo",    "enable",    "eval",     "exit",    "export",   "false",   "fc",
    "fg",       "getopts", "hash",      "help",     "history", "jobs",     "kill",    "let",
    "local",    "logout",  "mapfile",   "popd",     "printf",  "pushd",    "pwd",     "read",
    "readonly", "return",  "readarray", "set",      "shift",   "shopt",    "source",  "suspend",
    "test",     "times",   "trap",      "true",     "type",    "typeset",  "ulimit",  "umask",
    "unalias",  "unset",   "wait"};

/// After these words a command follows.
constexpr std::string_view kBeforeCommand[] = {"if", "then", "else",  "elif",  "do",
                                               "{",  "!",    "while", "until", "coproc"};

/// A program (or builtin) that starts the program named after its own options.
struct Wrapper {
  std::string_view name;
  std::string_view with_value;  ///< one-letter options that take the next word
  bool builtin = false;         ///< without a slash it is no program
  bool operand = false;         ///< one word stands between the options and the program
};
constexpr Wrapper kWrappers[] = {{"env", "uCS"},
                                 {"exec", "a", true},
                                 {"command", "", true},
                                 {"nohup", ""},
                                 {"nice", "n"},
                                 {"time", "fo", true},
                                 {"timeout", "ks", false, true},
                                 {"sudo", "ugpChrtTURD"},
                                 {"xargs", "adEILnPs"},
                                 {"stdbuf", "ioe"},
                                 {"setsid", ""}};

template <typename List>
bool contains(const List& list, std::string_view word) {
  return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

bool is_one_of(char c, std::string_view set) {
  return c != '\0' && set.find(c) != std::string_view::npos;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_';
}

/// NAME=…, NAME+=…, NAME[i]=…
bool is_assignment(std::string_view word) {
  std::size_t at = 0;
  while (at < word.size() && is_name_char(word[at])) ++at;
  if (at == 0 || is_digit(word[0])) return false;
  if (at < word.size() && word[at] == '[') {
    at = word.find(']', at);
    if (at == std::string_view::npos) return false;
    ++at;
  }
  if (at < word.size() && word[at] == '+') ++at;
  return at < word.size() && word[at] == '=';
}

bool is_plausible(std::string_view text) {
  if (text.size() > 4096 || text.front() == '-' || text.back() == '/') return false;
  return std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || is_one_of(c, "={}");
  });
}

/// What the next word is.
enum class Want { command, option_value, argument, pattern, test, redirection };

/// Reads shell text and takes each command's first word. Nested texts ($(…), `…`, (…)) are kept on
/// a stack of its own rather than by recursion: hostile nesting cannot exhaust the thread's.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::vector<std::string> programs() {
    while (at_ < text_.size()) now_.in_double_quotes ? step_quoted() : step();
    while (!outers_.empty()) leave();
    end_command();
    std::vector<std::string> result;
    std::set<std::string> seen;
    for (std::string& program : found_)
      if (functions_.count(program) == 0 && seen.insert(program).second)
        result.push_back(std::move(program));
    return result;
  }

 private:
  struct Word {
    std::string text;
    bool begun = false;
    bool known = true;  ///< no variable, pattern or substitution in it
    bool quoted = false;
  };
  /// The state of one level of nesting.
  struct Level {
    char closer = '\0';             ///< ')' or '`'
    Want at_start = Want::command;  ///< what a new line begins with; argument in an array
    Want want = Want::command;
    Want after_redirection = Want::command;
    Word word;
    const Wrapper* wrapper = nullptr;
    bool operand_seen = false;
    bool in_double_quotes = false;
    bool in_case_head = false;    ///< between `case` and `in`
    bool names_function = false;  ///< after `function`
    int open_cases = 0;
    std::string last_command;
  };

  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  void add(char c) {
    now_.word.begun = true;
    now_.word.text += c;
    ++at_;
  }

  void step() {
    const char c = text_[at_];
    if (is_one_of(c, " \t\r")) {
      end_word();
      ++at_;
    } else if (c == '\n') {
      now_.want == Want::test ? end_word() : end_command();
      ++at_;
      skip_here_documents();
    } else if (c == '\\') {
      escape();
    } else if (c == '\'') {
      single_quotes(at_ + 1, false);
    } else if (c == '"') {
      now_.word.begun = now_.word.quoted = now_.in_double_quotes = true;
      ++at_;
    } else if (c == '$') {
      dollar();
    } else if (c == '`') {
      now_.closer == '`' ? leave() : enter('`', 1);
    } else if (c == '#' && !now_.word.begun) {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (is_one_of(c, ";&|()<>")) {
      if (now_.want == Want::test) end_word();  // may be the closing ]]
      if (now_.want == Want::test && !(is_one_of(c, "<>") && peek(1) == '(')) {
        ++at_;  // inside of [[ … ]] these are operators
      } else {
        control(c);
      }
    } else {
      if (is_one_of(c, "*?~")) now_.word.known = false;
      add(c);
    }
  }

  void step_quoted() {
    const char c = text_[at_];
    if (c == '"') {
      now_.in_double_quotes = false;
      ++at_;
    } else if (c == '\\') {
      escape();
    } else if (c == '$') {
      dollar();
    } else if (c == '`') {
      enter('`', 1);
    } else {
      add(c);
    }
  }

  void control(char c) {
    if (c == '(') {
      open_parenthesis();
    } else if (c == ')') {
      close_parenthesis();
    } else if (c == '<' || c == '>' || (c == '&' && peek(1) == '>')) {
      redirection();
    } else {
      separator(c);
    }
  }

  void escape() {
    if (peek(1) != '\n') {
      now_.word.begun = now_.word.quoted = true;
      if (at_ + 1 < text_.size()) now_.word.text += text_[at_ + 1];
    }
    at_ += 2;
  }

  void single_quotes(std::size_t begin, bool with_escapes) {
    now_.word.begun = now_.word.quoted = true;
    for (at_ = begin; at_ < text_.size() && text_[at_] != '\''; ++at_) {
      if (with_escapes && text_[at_] == '\\') ++at_;
      if (at_ < text_.size()) now_.word.text += text_[at_];
    }
    ++at_;
  }

  void dollar() {
    if (peek(1) == '(' && peek(2) == '(') {
      now_.word.begun = true;
      now_.word.known = false;
      skip_arithmetic(at_ + 3);
    } else if (peek(1) == '(') {
      enter(')', 2);
    } else if (peek(1) == '\'' && !now_.in_double_quotes) {
      now_.word.known = false;
      single_quotes(at_ + 2, true);
    } else if (peek(1) == '{' || is_name_char(peek(1)) || is_one_of(peek(1), "@*#?$!-")) {
      now_.word.begun = true;
      now_.word.known = false;
      if (peek(1) == '{') {
        skip_braces();
      } else if (const bool name = is_name_char(peek(1)); at_ += 2, name) {
        while (is_name_char(peek())) ++at_;
      }
    } else {
      add('$');
    }
  }

  /// ${…}, without looking for commands in its default value.
  void skip_braces() {
    int depth = 0;
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\\') {
        ++at_;
      } else if (text_[at_] == '{') {
        ++depth;
      } else if (text_[at_] == '}' && --depth == 0) {
        ++at_;
        return;
      }
    }
  }

  void skip_arithmetic(std::size_t begin) {
    int depth = 2;
    for (at_ = begin; at_ < text_.size() && depth > 0; ++at_) {
      if (text_[at_] == '(') ++depth;
      if (text_[at_] == ')') --depth;
    }
  }

  void separator(char c) {
    const bool ends_case_item =
        c == ';' && (peek(1) == ';' || peek(1) == '&') && now_.open_cases > 0;
    end_command();
    at_ += peek(1) == c || peek(1) == '&' ? 2 : 1;
    if (!ends_case_item) return;
    if (peek() == '&') ++at_;
    now_.want = Want::pattern;
  }

  void redirection() {
    const Word& word = now_.word;
    const bool descriptor = word.begun && word.known && !word.quoted &&
                            std::all_of(word.text.begin(), word.text.end(), is_digit);
    if (descriptor) now_.word = {};  // the 2 of 2>
    end_word();
    if (peek() == '<' && peek(1) == '<' && peek(2) != '<') {
      here_document();
    } else if (peek() != '&' && peek(1) == '(') {
      enter(')', 2);  // process substitution: a word
    } else {
      while (is_one_of(peek(), "<>&|")) ++at_;
      if (now_.want != Want::redirection) now_.after_redirection = now_.want;
      now_.want = Want::redirection;
    }
  }

  void here_document() {
    at_ += 2;
    const bool tabs = peek() == '-';
    if (tabs) ++at_;
    while (is_one_of(peek(), " \t")) ++at_;
    std::string end;
    for (; at_ < text_.size() && !is_one_of(text_[at_], " \t\r\n;&|<>()"); ++at_)
      if (!is_one_of(text_[at_], "'\"\\")) end += text_[at_];
    here_documents_.emplace_back(std::move(end), tabs);
  }

  void skip_here_documents() {
    for (const auto& [end, tabs] : here_documents_) {
      while (at_ < text_.size()) {
        const std::size_t stop = std::min(text_.find('\n', at_), text_.size());
        std::string_view line = text_.substr(at_, stop - at_);
        at_ = std::min(stop + 1, text_.size());
        while (tabs && !line.empty() && line[0] == '\t') line.remove_prefix(1);
        if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
        if (line == end) break;
      }
    }
    here_documents_.clear();
  }

  void open_parenthesis() {
    if (now_.want == Want::pattern) {  // case x in (a)
      ++at_;
      return;
    }
    if (now_.word.begun && now_.word.text.size() > 1 && now_.word.text.back() == '=') {
      now_.word = {};  // NAME=(…)
      enter(')', 1);
      now_.at_start = now_.want = Want::argument;
      return;
    }
    end_word();
    std::size_t next = at_ + 1;
    while (next < text_.size() && is_one_of(text_[next], " \t")) ++next;
    if (!now_.last_command.empty() && next < text_.size() && text_[next] == ')') {
      functions_.insert(now_.last_command);
      now_.want = Want::command;
      at_ = next + 1;
    } else if (peek(1) == '(') {
      skip_arithmetic(at_ + 2);
      now_.want = Want::argument;
    } else {
      now_.want = Want::argument;  // when the subshell is over
      enter(')', 1);
      outers_.back().word = {};
    }
  }

  void close_parenthesis() {
    if (now_.want == Want::pattern) {
      now_.word = {};
      now_.want = Want::command;
      ++at_;
    } else if (now_.closer == ')') {
      leave();
    } else {
      end_command();
      ++at_;
    }
  }

  /// Begins a nested text, which is part of a word whose value is then not known.
  void enter(char closer, std::size_t length) {
    now_.word.begun = true;
    now_.word.known = false;
    outers_.push_back(std::move(now_));
    now_ = {};
    now_.closer = closer;
    at_ += length;
  }

  void leave() {
    end_command();
    now_ = std::move(outers_.back());
    outers_.pop_back();
    ++at_;
  }

  void end_command() {
    end_word();
    if (now_.want != Want::pattern) now_.want = now_.at_start;
    now_.wrapper = nullptr;
    now_.names_function = false;
    now_.last_command.clear();
  }

  void end_word() {
    if (!now_.word.begun) return;
    const Word word = std::move(now_.word);
    now_.word = {};
    const auto is = [&](std::string_view text) { return !word.quoted && word.text == text; };
    switch (now_.want) {
      case Want::command:
        take_command(word);
        return;
      case Want::option_value:
        now_.want = Want::command;
        return;
      case Want::redirection:
        now_.want = now_.after_redirection;
        return;
      case Want::test:
        if (is("]]")) now_.want = Want::argument;
        return;
      case Want::pattern:
        if (is("esac")) end_case();
        return;
      case Want::argument:
        if (now_.names_function) {
          functions_.insert(word.text);
          now_.last_command = word.text;
          now_.names_function = false;
          now_.want = Want::command;
        } else if (now_.in_case_head && is("in")) {
          now_.in_case_head = false;
          ++now_.open_cases;
          now_.want = Want::pattern;
        }
    }
  }

  void end_case() {
    if (now_.open_cases > 0) --now_.open_cases;
    now_.want = Want::argument;
  }

  /// A reserved word that changes what follows.
  bool take_reserved(std::string_view text) {
    if (contains(kBeforeCommand, text)) return true;
    if (text == "esac") {
      end_case();
    } else if (text == "[[") {
      now_.want = Want::test;
    } else if (text == "function") {
      now_.names_function = true;
      now_.want = Want::argument;
    } else if (text == "case") {
      now_.in_case_head = true;
      now_.want = Want::argument;
    } else {
      return false;
    }
    return true;
  }

  void take_command(const Word& word) {
    const std::string_view text = word.text;
    if (is_assignment(text)) return;
    if (const Wrapper* wrapper = now_.wrapper; wrapper != nullptr) {
      if (!text.empty() && text[0] == '-') {
        take_option(*wrapper, text);
        return;
      }
      if (wrapper->operand && !now_.operand_seen) {
        now_.operand_seen = true;
        return;
      }
    } else if (!word.quoted && word.known && take_reserved(text)) {
      return;
    }
    now_.want = Want::argument;
    now_.wrapper = nullptr;
    if (!word.known || text.empty()) return;
    now_.last_command = word.text;
    const auto wrapper = std::find_if(
        std::begin(kWrappers), std::end(kWrappers),
        [&](const Wrapper& one) { return one.name == text.substr(text.rfind('/') + 1); });
    if (wrapper != std::end(kWrappers)) {
      if (!wrapper->builtin || text != wrapper->name) found_.push_back(word.text);
      now_.wrapper = wrapper;
      now_.operand_seen = false;
      now_.want = Want::command;
    } else if (!contains(kNotPrograms, text) && is_plausible(text)) {
      found_.push_back(word.text);
    }
  }

  void take_option(const Wrapper& wrapper, std::string_view text) {
    if (wrapper.name == "command" && (text == "-v" || text == "-V")) {
      now_.want = Want::argument;  // asks, starts nothing
    } else if (text.size() == 2 && wrapper.with_value.find(text[1]) != std::string_view::npos) {
      now_.want = Want::option_value;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Level now_;
  std::vector<Level> outers_;
  std::vector<std::pair<std::string, bool>> here_documents_;  ///< last line; leading tabs go
  std::vector<std::string> found_;
  std::set<std::string> functions_;
};

}  // namespace

std::vector<std::string> programs_of_script(std::string_view script) {
  return Scanner(script).programs();
}

}  // namespace provrun::capture
