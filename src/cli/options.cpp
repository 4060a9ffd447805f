#include "options.hpp"

#include <algorithm>
#include <boost/program_options.hpp>
#include <map>

#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"

namespace provrun::cli {

namespace po = boost::program_options;

struct Options::State {
  std::string verb;
  po::options_description description;
  po::positional_options_description positions;
  std::vector<std::string>* positional = nullptr;
  // Options whose value must be joined: Boost would take the next word for it.
  std::map<std::string, std::string> without_value;
  std::vector<std::function<void(const po::variables_map&)>> assign;
};

namespace {

std::string long_name(const char* names) {
  const std::string_view text = names;
  return std::string(text.substr(0, text.find(',')));
}

}  // namespace

Options::Options(std::string_view verb) : state_(std::make_unique<State>()) {
  state_->verb = verb;
}
Options::~Options() = default;

Options& Options::flag(const char* names, bool& target) {
  state_->description.add_options()(names, po::bool_switch(&target));
  return *this;
}

Options& Options::value(const char* names, std::optional<std::string>& target) {
  state_->description.add_options()(names, po::value<std::string>());
  state_->assign.emplace_back([name = long_name(names), &target](const po::variables_map& values) {
    if (values.count(name) > 0) target = values[name].as<std::string>();
  });
  return *this;
}

Options& Options::number(const char* names, std::optional<int>& target) {
  state_->description.add_options()(names, po::value<int>());
  state_->assign.emplace_back([name = long_name(names), &target](const po::variables_map& values) {
    if (values.count(name) > 0) target = values[name].as<int>();
  });
  return *this;
}

Options& Options::optional_number(const char* names, std::optional<int>& target, int fallback) {
  state_->description.add_options()(names, po::value<int>());
  const std::string_view text = names;
  const auto comma = text.find(',');
  state_->without_value["--" + long_name(names)] =
      base::format("--{}={}", long_name(names), fallback);
  if (comma != std::string_view::npos)
    state_->without_value["-" + std::string(text.substr(comma + 1))] =
        base::format("--{}={}", long_name(names), fallback);
  state_->assign.emplace_back([name = long_name(names), &target](const po::variables_map& values) {
    if (values.count(name) > 0) target = values[name].as<int>();
  });
  return *this;
}

Options& Options::list(const char* names, std::vector<std::string>& target) {
  state_->description.add_options()(names, po::value<std::vector<std::string>>()->composing());
  state_->assign.emplace_back([name = long_name(names), &target](const po::variables_map& values) {
    if (values.count(name) > 0) target = values[name].as<std::vector<std::string>>();
  });
  return *this;
}

Options& Options::positional(std::vector<std::string>& target) {
  state_->description.add_options()("(arguments)", po::value<std::vector<std::string>>());
  state_->positions.add("(arguments)", -1);
  state_->positional = &target;
  return *this;
}

void Options::parse(const std::vector<std::string>& arguments) {
  const auto usage = [&](const std::string& message, std::string hint = {}) {
    if (hint.empty()) hint = base::format("'provrun help {}' lists what it takes", state_->verb);
    return base::Error(base::ErrorCode::invalid_input, message).hint(std::move(hint));
  };
  auto words = arguments;
  // As with make's -j: a whole number that follows is the option's.
  const auto is_number = [](const std::string& word) {
    return !word.empty() &&
           std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto found = state_->without_value.find(words[i]);
    if (found == state_->without_value.end()) continue;
    if (i + 1 < words.size() && is_number(words[i + 1]))
      ++i;
    else
      words[i] = found->second;
  }
  try {
    const auto style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
    po::variables_map values;
    po::store(po::command_line_parser(words)
                  .options(state_->description)
                  .positional(state_->positions)
                  .style(style)
                  .run(),
              values);
    po::notify(values);
    for (const auto& assign : state_->assign) assign(values);
    if (state_->positional != nullptr && values.count("(arguments)") > 0)
      *state_->positional = values["(arguments)"].as<std::vector<std::string>>();
  } catch (const po::unknown_option& error) {
    std::vector<std::string> names;
    for (const auto& option : state_->description.options())
      if (option->long_name() != "(arguments)") names.push_back("--" + option->long_name());
    const auto nearest = base::nearest(error.get_option_name(), names);
    throw usage(
        base::format("{} has no option {}", state_->verb, base::printable(error.get_option_name())),
        nearest ? base::format("did you mean {}?", *nearest) : std::string());
  } catch (const po::too_many_positional_options_error&) {
    throw usage(base::format("{} takes no further arguments", state_->verb));
  } catch (const po::multiple_occurrences& error) {
    throw usage(base::format("{} is given twice", base::printable(error.get_option_name())));
  } catch (const po::validation_error& error) {
    throw usage(base::format("{} needs a whole number", error.get_option_name()));
  } catch (const po::error& error) {
    throw usage(base::printable(error.what()));
  }
}

}  // namespace provrun::cli
