#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "provrun/base/error.hpp"
#include "provrun/codec/json.hpp"

namespace provrun::cli {

enum class Colour { none, red, green, yellow, blue, grey, bold };

struct ConsoleOptions {
  bool json = false;
  bool quiet = false;
  int verbosity = 0;
  bool colour_out = false;  ///< on standard output
  bool colour_err = false;
  bool live = false;             ///< a status that is redrawn on standard error
  bool silent_progress = false;  ///< --progress none
};

/// A JSON array of the texts.
codec::Json texts(const std::vector<std::string>& items);

/// Where everything is printed: results on standard output, everything for people on standard
/// error. With --json standard output has nothing but one JSON object a line.
class Console {
 public:
  explicit Console(ConsoleOptions options) : options_(options) {}
  ~Console();

  const ConsoleOptions& options() const { return options_; }
  bool json() const { return options_.json; }

  /// A result line for people; nothing with --json.
  void result(std::string_view line);
  /// Result text as it is, also with --json off only.
  void raw_result(std::string_view text);
  /// A result object; nothing without --json. "schema" is added when the object has none.
  void object(codec::Json object);
  /// A line for people on standard error, unless quiet.
  void note(std::string_view line);
  /// The same, also when quiet.
  void warning(std::string_view line);
  /// The error as PRODUCT.md has it, or as an object.
  /// exit_code: told in JSON; that of the error when none is given.
  void error(const base::Error& error, std::optional<int> exit_code = {});

  /// The line that is redrawn; empty removes it. Only where live.
  void status(const std::string& line);
  void flush();

  std::string paint(Colour colour, std::string_view text) const {
    return paint(colour, text, options_.colour_out);
  }
  std::string paint_err(Colour colour, std::string_view text) const {
    return paint(colour, text, options_.colour_err);
  }

 private:
  static std::string paint(Colour colour, std::string_view text, bool wanted);
  void error_line(const std::string& line);

  ConsoleOptions options_;
  std::string out_;
  std::string status_;
};

/// The process's exit code for an error.
int exit_code_of(base::ErrorCode code);

}  // namespace provrun::cli
