#pragma once

#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace provrun::base {

/// What kind of failure it was. Callers branch on the code, never on the message.
enum class ErrorCode {
  not_found,      ///< a target, file, run, snapshot or repository that is not there
  invalid_input,  ///< usage, configuration or pipeline is wrong
  corruption,     ///< stored bytes are not what was stored
  no_space,       ///< the disk or a quota is full
  unavailable,    ///< unreachable or busy; trying again may help
  conflict,       ///< somebody else has it, or it changed under us
  refused,        ///< permission, policy or a requirement that is not met
  step_failed,    ///< a step of the workflow failed
  timeout,        ///< a time limit passed
  cancelled,      ///< the user or a signal ended it
  unsupported,    ///< this machine or build cannot do it
  wrong_key,      ///< wrong key or password
  failed,         ///< an operation failed for another reason of the outside world
  internal        ///< a defect in provrun
};

/// The code's stable name in JSON output, e.g. "not_found".
std::string_view name_of(ErrorCode code);

/// A place in a text file. Lines and columns start at 1; 0 means "not known".
struct Position {
  std::string file;
  int line = 0;
  int column = 0;
  std::string source_line;  ///< the line's text without its newline, for showing a caret

  /// "file:line:column", leaving out what is not known.
  std::string to_string() const;
};

/// The one exception type of provrun. The message says what failed; each layer that adds meaning
/// prepends a context ("cannot restore run 0192…"); the hint says what to do next.
class Error : public std::exception {
 public:
  Error(ErrorCode code, std::string message);

  /// Sets the next step shown as "hint: …".
  Error&& hint(std::string text) &&;
  /// Sets the place in a file.
  Error&& at(Position position) &&;
  /// Prepends "text: " to the message.
  void add_context(std::string text);

  ErrorCode code() const { return code_; }
  /// Contexts, outermost first, and the message, joined by ": ".
  const std::string& message() const { return message_; }
  const std::string& hint() const { return hint_; }
  const std::optional<Position>& position() const { return position_; }
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  ErrorCode code_;
  std::string message_;
  std::string hint_;
  std::optional<Position> position_;
};

/// Several errors found in one pass over a document, in document order. Never empty.
/// code(), message() and position() are those of the first one.
class ErrorList : public Error {
 public:
  explicit ErrorList(std::vector<Error> errors);
  const std::vector<Error>& errors() const { return errors_; }

 private:
  std::vector<Error> errors_;
};

/// Error of a failed system call: the code follows from errno (ENOENT not_found, ENOSPC and EDQUOT
/// no_space, EACCES, EPERM and EROFS refused, else failed), the message is "what: strerror(errno)".
Error system_error(int error_number, std::string_view what);

}  // namespace provrun::base
