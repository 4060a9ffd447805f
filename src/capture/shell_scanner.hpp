#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

// A light reader of sh and bash, just deep enough to tell command positions. Internal to room
// capture.
namespace provrun::capture {

/// What was found so far, shared by the scanners of nested scripts.
struct ScriptFindings {
  std::vector<std::string> programs;  ///< in order of first appearance
  std::unordered_set<std::string> seen;
  std::unordered_set<std::string> functions;
};

/// A program that starts another one given among its arguments.
struct Wrapper {
  std::string_view name;
  std::string_view options_with_value;  ///< letters of options whose value is the next word
  int positional = 0;                   ///< arguments before the program: timeout's duration
  bool assignments = false;             ///< NAME=value words may come before the program
};

/// One pass over one script text.
class ShellScanner {
 public:
  ShellScanner(std::string_view text, ScriptFindings& findings, int depth)
      : text_(text), findings_(findings), depth_(depth) {}

  /// The whole text as commands.
  void scan_commands();
  /// The whole text as the inside of double quotes: only its substitutions are commands.
  void scan_quoted();

 private:
  struct Word {
    std::string literal;
    bool expanded = false;  ///< has a part that only the shell knows
    bool quoted = false;    ///< has a quoted part: no keyword
    bool is(std::string_view keyword) const { return !quoted && !expanded && literal == keyword; }
  };
  enum class CaseState { want_word, want_in, pattern, body };
  /// Where in a simple command the scan is.
  struct Command {
    bool at_start = true;  ///< the next word is a command
    const Wrapper* wrapper = nullptr;
    int positional = 0;
    bool skip_next = false;
    bool is_shell = false;     ///< `sh`: -c is looked for
    bool script_next = false;  ///< `sh -c`: the next word is a script
  };

  bool at_end() const { return at_ >= text_.size(); }
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  bool nested_too_deep();

  void list(bool in_parentheses);
  /// False when the list ends here.
  bool take_operator(bool in_parentheses, Command& command, std::vector<CaseState>& cases);
  void take_word(const Word& word, Command& command, std::vector<CaseState>& cases);
  void take_command(const Word& word, Command& command, std::vector<CaseState>& cases);
  void take_program(const Word& word, Command& command);
  void take_argument(const Word& word, Command& command);
  bool take_function(const Word& word);
  void add(const Word& word);

  Word read_word();
  void read_double_quoted(Word& word);
  void read_single_quoted(Word& word);
  void read_expansion(Word& word);
  void read_backticks();
  void read_array();
  void skip_blanks();
  void skip_comment();
  void skip_arithmetic();
  void skip_braces();
  void skip_condition();
  void take_redirection();
  void take_here_documents();

  struct HereDocument {
    std::string delimiter;
    bool quoted = false;
    bool strip_tabs = false;
  };

  std::string_view text_;
  ScriptFindings& findings_;
  int depth_;
  std::size_t at_ = 0;
  std::vector<HereDocument> here_documents_;
};

}  // namespace provrun::capture
