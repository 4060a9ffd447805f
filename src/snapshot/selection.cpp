#include "provrun/snapshot/selection.hpp"

#include <algorithm>
#include <charconv>

#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"

namespace provrun::snapshot {

namespace {

bool has_tags(const std::vector<std::string>& tags, std::string_view wanted) {
  const auto all = base::split(wanted, ',');
  return std::all_of(all.begin(), all.end(), [&](std::string_view tag) {
    return std::find(tags.begin(), tags.end(), tag) != tags.end();
  });
}

bool lies_in(std::string_view path, std::string_view folder) {
  while (folder.size() > 1 && folder.ends_with('/')) folder.remove_suffix(1);
  return folder == "/" || path == folder ||
         (path.starts_with(folder) && path.substr(folder.size()).starts_with('/'));
}

template <typename Fits>
bool any_of(const std::vector<std::string>& wanted, const Fits& fits) {
  return wanted.empty() || std::any_of(wanted.begin(), wanted.end(), fits);
}

// "nightly~2": the tag, and how far back. A tag may itself have a "~".
std::vector<std::pair<std::string_view, std::size_t>> tag_readings(std::string_view text) {
  std::vector<std::pair<std::string_view, std::size_t>> readings = {{text, 0}};
  const auto tilde = text.rfind('~');
  if (tilde == std::string_view::npos) return readings;
  const auto digits = text.substr(tilde + 1);
  std::size_t back = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), back);
  if (!digits.empty() && result.ec == std::errc() && result.ptr == digits.data() + digits.size())
    readings.emplace_back(text.substr(0, tilde), back);
  return readings;
}

}  // namespace

std::string run_of(const Manifest& manifest) {
  return manifest.run.is_object() ? manifest.run.get_string("id") : std::string();
}

bool fits(const Manifest& manifest, const SnapshotFilter& filter) {
  const auto run = run_of(manifest);
  return any_of(filter.hosts, [&](const auto& host) { return host == manifest.host; }) &&
         any_of(filter.tags, [&](const auto& tags) { return has_tags(manifest.tags, tags); }) &&
         any_of(filter.paths,
                [&](const auto& path) {
                  return std::any_of(manifest.paths.begin(), manifest.paths.end(),
                                     [&](const auto& stored) { return lies_in(stored, path); });
                }) &&
         any_of(filter.runs, [&](const auto& wanted) {
           if (wanted == "any") return !run.empty();
           if (wanted == "none") return run.empty();
           return !run.empty() && run.starts_with(wanted);
         });
}

std::vector<LoadedSnapshot> load_snapshots(store::Repository& repository,
                                           const SnapshotFilter& filter,
                                           std::vector<SnapshotName>* damaged) {
  std::vector<LoadedSnapshot> loaded;
  for (const auto& name : list_snapshots(repository)) {
    try {
      auto manifest = load_manifest(repository, name);
      if (fits(manifest, filter)) loaded.push_back({name, std::move(manifest)});
    } catch (const base::Error& error) {
      if (error.code() == base::ErrorCode::not_found) continue;  // forgotten meanwhile
      if (damaged == nullptr || error.code() != base::ErrorCode::corruption) throw;
      damaged->push_back(name);
    }
  }
  return loaded;
}

SnapshotName select_snapshot(store::Repository& repository, std::string_view text,
                             const SnapshotFilter& filter) {
  std::vector<LoadedSnapshot> loaded;
  std::vector<SnapshotName> names;
  if (filter.empty()) {
    names = list_snapshots(repository);
  } else {
    loaded = load_snapshots(repository, filter);
    for (const auto& one : loaded) names.push_back(one.name);
  }
  const auto no_fit = [&] {
    return base::Error(base::ErrorCode::not_found,
                       "there is no snapshot '" + base::printable(text) + "' that fits")
        .hint("'provrun snapshots' lists them; it takes the same --host, --tag, --path and --run");
  };
  const bool is_other = text == "latest" || text.starts_with("latest~") || text.starts_with('@');
  try {
    return resolve_snapshot(names, text);
  } catch (const base::Error& error) {
    const bool absent = error.code() == base::ErrorCode::not_found;
    if (is_other && absent && !filter.empty()) throw no_fit();
    if (is_other || (!absent && error.code() != base::ErrorCode::invalid_input)) throw;
    if (filter.empty()) loaded = load_snapshots(repository, filter);
    for (const auto& [tag, back] : tag_readings(text)) {
      std::size_t left = back;
      bool known = false;
      for (auto at = loaded.rbegin(); at != loaded.rend(); ++at) {
        const auto& tags = at->manifest.tags;
        if (std::find(tags.begin(), tags.end(), tag) == tags.end()) continue;
        known = true;
        if (left-- == 0) return at->name;
      }
      if (known)
        throw base::Error(base::ErrorCode::not_found,
                          "there is no snapshot '" + base::printable(text) + "'")
            .hint("fewer snapshots than that have the tag " + base::printable(tag));
    }
    if (!filter.empty()) throw no_fit();
    // A text that could only be a tag: it is not there, rather than ill written.
    if (!absent && !text.empty() && text.find_first_not_of("0123456789abcdef") != text.npos)
      throw base::Error(base::ErrorCode::not_found,
                        "there is no snapshot '" + base::printable(text) + "'")
          .hint("use latest, latest~N, @TIME, a tag, or the first four digits of an id");
    throw;
  }
}

}  // namespace provrun::snapshot
