#include <algorithm>

#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "provrun/capture/interpreter_packages.hpp"

// The parsers of foreign package lists.
namespace provrun::capture {

namespace {

/// "conda-forge" of "https://conda.anaconda.org/t/TOKEN/conda-forge/linux-64": no host, no token.
std::string channel_name(std::string_view channel, std::string_view platform) {
  std::vector<std::string_view> parts;
  for (std::string_view part : base::split(channel.substr(0, channel.find_first_of("?#")), '/'))
    if (!part.empty()) parts.push_back(part);
  const auto is_platform = [&](std::string_view part) {
    return part == platform || part == "noarch" || part.substr(0, 6) == "linux-";
  };
  if (parts.size() > 1 && is_platform(parts.back())) parts.pop_back();
  if (parts.empty()) return "";
  std::string name(parts.back().substr(parts.back().rfind('@') + 1));
  if (parts.size() > 1 && parts[parts.size() - 2] == "pkgs") name = "pkgs/" + name;
  return name;
}

/// The text between the quotes of `key = "text"`; nullopt for another key or kind.
std::optional<std::string> toml_string(std::string_view line, std::string_view key) {
  if (line.substr(0, key.size()) != key) return std::nullopt;
  line = base::trim(line.substr(key.size()));
  if (line.empty() || line[0] != '=') return std::nullopt;
  line = base::trim(line.substr(1));
  if (line.size() < 2 || line[0] != '"') return std::nullopt;
  const std::size_t end = line.find('"', 1);
  if (end == std::string_view::npos) return std::nullopt;
  return std::string(line.substr(1, end - 1));
}

}  // namespace

std::optional<LanguagePackage> parse_conda_meta(std::string_view json) {
  try {
    const codec::Json meta = codec::parse_json(json);
    LanguagePackage package{meta.get_string("name"), meta.get_string("version"), "conda"};
    if (package.name.empty() || package.version.empty()) return std::nullopt;
    const std::string channel = channel_name(meta.get_string("channel"), meta.get_string("subdir"));
    const std::string build = meta.get_string("build");
    if (!channel.empty() || !build.empty()) package.source += ":" + channel + "/" + build;
    return package;
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

std::optional<LanguagePackage> parse_r_description(std::string_view text) {
  LanguagePackage package{"", "", "r"};
  for (std::string_view line : base::split(text, '\n')) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view field = line.substr(0, colon);
    if (field == "Package") package.name = base::trim(line.substr(colon + 1));
    if (field == "Version") package.version = base::trim(line.substr(colon + 1));
  }
  if (package.name.empty() || package.version.empty()) return std::nullopt;
  return package;
}

std::vector<LanguagePackage> parse_julia_manifest(std::string_view toml) {
  std::vector<LanguagePackage> packages;
  bool inside = false;
  for (std::string_view line : base::split(toml, '\n')) {
    line = base::trim(line);
    if (!line.empty() && line[0] == '[') {
      inside = false;
      const std::size_t end = line.find("]]");
      if (line.substr(0, 2) != "[[" || end == std::string_view::npos) continue;
      std::string_view name = base::trim(line.substr(2, end - 2));
      if (name.substr(0, 5) == "deps.") name.remove_prefix(5);
      if (name.empty() || name.find('.') != std::string_view::npos) continue;
      packages.push_back({std::string(name), "", "julia"});
      inside = true;
    } else if (inside) {
      if (auto version = toml_string(line, "version")) packages.back().version = *version;
    }
  }
  std::sort(packages.begin(), packages.end());
  return packages;
}

}  // namespace provrun::capture
