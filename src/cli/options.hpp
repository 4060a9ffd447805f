#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace provrun::cli {

/// The options and positional arguments of one verb. Wrong ones throw base::Error(invalid_input)
/// with the nearest right one.
class Options {
 public:
  explicit Options(std::string_view verb);
  ~Options();

  /// names as "jobs,j". The target is set when the option is given.
  Options& flag(const char* names, bool& target);
  Options& value(const char* names, std::optional<std::string>& target);
  Options& number(const char* names, std::optional<int>& target);
  /// May be given without a value, which then is fallback; with one only joined ("-k3",
  /// "--keep-going=3").
  Options& optional_number(const char* names, std::optional<int>& target, int fallback);
  /// May be given several times.
  Options& list(const char* names, std::vector<std::string>& target);
  /// Everything that is no option.
  Options& positional(std::vector<std::string>& target);

  void parse(const std::vector<std::string>& arguments);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace provrun::cli
