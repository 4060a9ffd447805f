#include "workspace_settings.hpp"

#include <vector>

#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/file.hpp"

namespace provrun::app {

namespace {

constexpr std::string_view kRepository = "repository";
constexpr std::string_view kSecretsAllowedIn = "secrets_allowed_in";

std::string_view unquoted(std::string_view value) {
  value = base::trim(value);
  if (value.size() >= 2 && (value[0] == '"' || value[0] == '\'') && value.back() == value[0])
    value = value.substr(1, value.size() - 2);
  return value;
}

// "x", "[a, b]"; nothing of an empty text.
std::vector<std::string> items_of(std::string_view value) {
  value = base::trim(value);
  std::vector<std::string> items;
  if (value.size() < 2 || value.front() != '[' || value.back() != ']') {
    if (const auto item = unquoted(value); !item.empty()) items.emplace_back(item);
    return items;
  }
  for (const auto part : base::split(value.substr(1, value.size() - 2), ','))
    if (const auto item = unquoted(part); !item.empty()) items.emplace_back(item);
  return items;
}

}  // namespace

WorkspaceSettings read_settings(const Workspace& workspace) {
  WorkspaceSettings settings;
  const auto path = os::join_path(workspace.state_directory(), "config.yaml");
  if (!os::lstat_file(path)) return settings;
  const auto text = os::read_file(path, 1 << 20);
  int line_number = 0;
  bool in_list = false;  // "- x" lines belong to secrets_allowed_in
  for (const auto line : base::split(text, '\n')) {
    ++line_number;
    const auto content = base::trim(line.substr(0, line.find(" #")));
    if (content.empty() || content.starts_with('#')) continue;
    const auto wrong = [&, line = line](std::string message) {
      return base::Error(base::ErrorCode::invalid_input, std::move(message))
          .at({path, line_number, 1, std::string(line)});
    };
    const auto allow = [&](std::string_view value) {
      for (const auto& item : items_of(value))
        settings.secrets_allowed_in.add(item, snapshot::ExcludeRules::Style::gitignore);
    };
    if (in_list && content.starts_with("- ")) {
      allow(content.substr(2));
      continue;
    }
    const auto colon = content.find(':');
    const auto key = content.substr(0, colon);
    const auto value = colon == std::string_view::npos ? std::string_view()
                                                       : base::trim(content.substr(colon + 1));
    in_list = key == kSecretsAllowedIn && value.empty() && colon != std::string_view::npos;
    if (in_list) continue;
    if (key == kRepository && !unquoted(value).empty())
      settings.repository = std::string(unquoted(value));
    else if (key == kSecretsAllowedIn && !value.empty())
      allow(value);
    else
      throw wrong("the keys known here are 'repository: PATH' and 'secrets_allowed_in: [PATTERN]'");
  }
  return settings;
}

}  // namespace provrun::app
