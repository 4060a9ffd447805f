// The parsers of what interpreters and their package managers leave on the disk.
#include <algorithm>

#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "provrun/capture/interpreter_packages.hpp"

namespace provrun::capture {

namespace {

/// Names and versions are short words; anything longer is not one.
constexpr std::size_t kLongestWord = 200;

bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= kLongestWord && base::is_valid_utf8(text) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= ' '; });
}

/// The value of `key = "value"`; empty when the line is another one.
std::string_view quoted_value(std::string_view line, std::string_view key) {
  if (line.substr(0, key.size()) != key) return {};
  line = base::trim(line.substr(key.size()));
  if (line.empty() || line.front() != '=') return {};
  line = base::trim(line.substr(1));
  if (line.size() < 2 || line.front() != '"') return {};
  line.remove_prefix(1);
  const std::size_t end = line.find('"');
  return end == std::string_view::npos ? std::string_view() : line.substr(0, end);
}

/// "[[deps.Name]]" of format 2, "[[Name]]" of format 1; empty for every other line.
std::string_view table_name(std::string_view line) {
  if (line.size() < 5 || line.substr(0, 2) != "[[") return {};
  const std::size_t end = line.find("]]");
  if (end == std::string_view::npos) return {};
  line = base::trim(line.substr(2, end - 2));
  constexpr std::string_view kPrefix = "deps.";
  if (line.substr(0, kPrefix.size()) == kPrefix) line.remove_prefix(kPrefix.size());
  if (line.size() >= 2 && line.front() == '"' && line.back() == '"')
    line = line.substr(1, line.size() - 2);
  return line;
}

}  // namespace

std::optional<LanguagePackage> parse_conda_meta(std::string_view json) {
  try {
    const codec::Json document = codec::parse_json(json);
    LanguagePackage package{document.get_string("name"), document.get_string("version"), "conda"};
    if (!is_word(package.name) || !is_word(package.version)) return std::nullopt;
    std::string channel = document.get_string("channel");
    if (const std::size_t scheme = channel.find("://"); scheme != std::string::npos) {
      // "https://user:token@host/conda-forge/linux-64": the channel's name is what people know.
      while (!channel.empty() && channel.back() == '/') channel.pop_back();
      const std::string subdir = document.get_string("subdir");
      if (!subdir.empty() && channel.size() > subdir.size() &&
          channel.substr(channel.size() - subdir.size() - 1) == "/" + subdir)
        channel.resize(channel.size() - subdir.size() - 1);
      channel = channel.substr(channel.rfind('/') + 1);
    }
    const std::string build = document.get_string("build");
    if (is_word(channel) && is_word(build)) package.source = "conda:" + channel + "/" + build;
    return package;
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

std::optional<LanguagePackage> parse_r_description(std::string_view text) {
  LanguagePackage package{"", "", "r"};
  for (std::string_view line : base::split(text, '\n')) {
    // Continuation lines begin with a blank; only the first fields of a name count.
    if (package.name.empty() && line.substr(0, 8) == "Package:")
      package.name = std::string(base::trim(line.substr(8)));
    if (package.version.empty() && line.substr(0, 8) == "Version:")
      package.version = std::string(base::trim(line.substr(8)));
  }
  if (!is_word(package.name) || !is_word(package.version)) return std::nullopt;
  return package;
}

std::vector<LanguagePackage> parse_julia_manifest(std::string_view toml) {
  std::vector<LanguagePackage> packages;
  LanguagePackage current{"", "", "julia"};
  const auto keep = [&] {
    // Standard libraries have no version of their own: they are Julia's.
    if (current.version.empty()) current.version = "stdlib";
    if (is_word(current.name) && is_word(current.version)) packages.push_back(current);
    current = {"", "", "julia"};
  };
  for (std::string_view line : base::split(toml, '\n')) {
    line = base::trim(line);
    if (!line.empty() && line.front() == '[') {
      const std::string_view name = table_name(line);
      // "[deps.Name.deps]" belongs to the package above it.
      if (name.empty() || name.find('.') != std::string_view::npos) continue;
      keep();
      current.name = std::string(name);
    } else if (const std::string_view version = quoted_value(line, "version"); !version.empty()) {
      current.version = std::string(version);
    }
  }
  keep();
  std::sort(packages.begin(), packages.end());
  packages.erase(std::unique(packages.begin(), packages.end()), packages.end());
  return packages;
}

}  // namespace provrun::capture
