#include "provrun/snapshot/finder.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "pattern.hpp"
#include "provrun/base/error.hpp"
#include "provrun/snapshot/tree_diff.hpp"
#include "tree_line.hpp"
#include "tree_text.hpp"

namespace provrun::snapshot {

namespace {

constexpr std::uint64_t kPlacesLimit = 512ULL << 20U;  // bytes of paths and numbers held at once

std::string lower(std::string_view text) {
  std::string result(text);
  for (auto& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

// The longest text that every name must have which the pattern's last component takes.
std::string literal_of(std::string_view pattern) {
  const auto slash = pattern.rfind('/');
  if (slash != std::string_view::npos) pattern.remove_prefix(slash + 1);
  std::string best;
  std::string run;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '*' || c == '?' || c == '[') {
      if (run.size() > best.size()) best = run;
      run.clear();
      // A bracket that is not closed is an ordinary character: what stands before it will do.
      if (c == '[') {
        const auto close = pattern.find(']', i + 2);
        if (close == std::string_view::npos) return best;
        i = close;
      }
    } else {
      run += c;
    }
  }
  return run.size() > best.size() ? run : best;
}

// The places of trees: the folders that they are, and in which snapshots.
class Places {
 public:
  struct Place {
    std::string folder;  ///< "" or "a/b/"
    std::vector<std::uint32_t> snapshots;
  };
  using List = std::vector<Place>;

  Places(const TreeCatalog& catalog, const std::unordered_set<hash::Digest>* selected)
      : catalog_(catalog) {
    const auto& snapshots = catalog.snapshots();
    for (std::uint32_t i = 0; i < snapshots.size(); ++i)
      if (selected == nullptr || selected->contains(snapshots[i].name.id.digest))
        roots_[snapshots[i].root].push_back(i);
  }

  const List& of(std::uint32_t tree) {
    std::vector<std::uint32_t> stack{tree};
    while (!stack.empty()) {
      const auto top = stack.back();
      if (known_.contains(top)) {
        stack.pop_back();
        continue;
      }
      const auto size = stack.size();
      catalog_.parents(top, [&](const TreeCatalog::Parent& parent) {
        if (!known_.contains(parent.tree)) stack.push_back(parent.tree);
      });
      if (stack.size() > kPlacesLimit / 64) throw too_many();
      if (stack.size() > size) continue;
      known_.emplace(top, compute(top));
      stack.pop_back();
    }
    return known_.at(tree);
  }

 private:
  static base::Error too_many() {
    return base::Error(base::ErrorCode::unsupported,
                       "what is looked for has too many places to be listed")
        .hint("name fewer snapshots, or a narrower pattern");
  }

  List compute(std::uint32_t tree) {
    std::map<std::string, std::vector<std::uint32_t>> places;
    const auto add = [&](std::string folder, const std::vector<std::uint32_t>& snapshots) {
      size_ += folder.size() + 4 * snapshots.size() + 64;
      if (size_ > kPlacesLimit) throw too_many();
      auto& list = places[std::move(folder)];
      list.insert(list.end(), snapshots.begin(), snapshots.end());
    };
    if (const auto root = roots_.find(tree); root != roots_.end()) add("", root->second);
    catalog_.parents(tree, [&](const TreeCatalog::Parent& parent) {
      for (const auto& place : known_.at(parent.tree)) {
        auto folder = place.folder;
        if (!parent.name.empty()) folder.append(parent.name).push_back('/');
        add(std::move(folder), place.snapshots);
      }
    });
    List list;
    for (auto& [folder, snapshots] : places) {
      std::sort(snapshots.begin(), snapshots.end());
      snapshots.erase(std::unique(snapshots.begin(), snapshots.end()), snapshots.end());
      list.push_back({folder, std::move(snapshots)});
    }
    return list;
  }

  const TreeCatalog& catalog_;
  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> roots_;
  std::unordered_map<std::uint32_t, List> known_;
  std::uint64_t size_ = 0;
};

class Search {
 public:
  Search(store::Repository& repository, const TreeCatalog& catalog, const FindQuery& query,
         const std::unordered_set<hash::Digest>* selected, std::vector<std::string>& damaged,
         const base::Cancellation* cancellation)
      : repository_(repository),
        catalog_(catalog),
        query_(query),
        selected_(selected),
        places_(catalog, selected),
        damaged_(damaged),
        cancellation_(cancellation) {
    for (const auto& pattern : query.patterns) {
      const auto text = query.ignore_case ? lower(pattern) : pattern;
      const auto slash = text.find_last_not_of('/') == std::string::npos
                             ? std::string::npos
                             : text.substr(0, text.find_last_not_of('/') + 1).rfind('/');
      (slash == std::string::npos ? names_ : paths_).push_back(text);
    }
  }

  void run() {
    if (query_.patterns.empty()) {
      for (std::uint32_t tree = 0; tree < catalog_.tree_count(); ++tree) take_tree(tree, nullptr);
      return;
    }
    // One pass for each pattern; the names that any takes, by tree.
    std::map<std::uint32_t, std::unordered_set<std::string_view>> hits;
    const auto look = [&](const std::string& pattern) {
      const auto slash = pattern.rfind('/');
      const auto last = slash == std::string::npos ? pattern : pattern.substr(slash + 1);
      const bool any = last == "**" || last.empty();
      catalog_.scan(query_.ignore_case ? std::string() : literal_of(last),
                    [&](std::uint32_t tree, std::string_view name) {
                      const bool taken =
                          any || (query_.ignore_case ? pattern_takes_name(last, lower(name))
                                                     : pattern_takes_name(last, name));
                      if (taken) hits[tree].insert(name);
                    });
    };
    for (const auto& pattern : names_) look(pattern);
    for (const auto& pattern : paths_) look(pattern);
    for (const auto& [tree, names] : hits) take_tree(tree, &names);
  }

  std::uint64_t report(const std::function<void(const Match&)>& visit) {
    const auto& snapshots = catalog_.snapshots();
    // Where each snapshot stands in its series.
    std::vector<std::uint32_t> position(snapshots.size(), 0);
    std::unordered_map<std::uint32_t, std::uint32_t> length;
    for (std::size_t i = 0; i < snapshots.size(); ++i)
      if (selected_ == nullptr || selected_->contains(snapshots[i].name.id.digest))
        position[i] = length[snapshots[i].series]++;
    std::uint64_t count = 0;
    for (auto& [path, versions] : found_) {
      std::vector<Match> matches;
      for (auto& version : versions) {
        auto& in = version.snapshots;
        std::sort(in.begin(), in.end(), [&](auto a, auto b) {
          return std::tie(snapshots[a].series, a) < std::tie(snapshots[b].series, b);
        });
        in.erase(std::unique(in.begin(), in.end()), in.end());
        for (std::size_t i = 0; i < in.size();) {
          auto end = i + 1;
          while (end < in.size() && snapshots[in[end]].series == snapshots[in[i]].series &&
                 position[in[end]] == position[in[end - 1]] + 1)
            ++end;
          auto entry = version.entry;
          entry.path = path;
          matches.push_back(
              {std::move(entry), snapshots[in[i]].name, snapshots[in[end - 1]].name, end - i});
          i = end;
        }
      }
      std::sort(matches.begin(), matches.end(),
                [](const auto& a, const auto& b) { return a.first < b.first; });
      for (const auto& match : matches) visit(match);
      count += matches.size();
    }
    return count;
  }

 private:
  struct Version {
    Entry entry;
    std::vector<std::uint32_t> snapshots;
  };
  struct ByPath {
    bool operator()(const std::string& a, const std::string& b) const { return path_less(a, b); }
  };

  void take_tree(std::uint32_t tree, const std::unordered_set<std::string_view>* names) {
    if (cancellation_ != nullptr) cancellation_->check();
    const auto& places = places_.of(tree);
    if (places.empty()) return;
    try {
      const auto text = read_tree_text(repository_, catalog_.tree_id(tree));
      std::string_view rest = text;
      while (!rest.empty()) {
        auto parsed = parse_tree_line(take_line(rest));
        auto* entry = std::get_if<Entry>(&parsed);
        if (entry == nullptr || (names != nullptr && !names->contains(entry->path))) continue;
        if (!fits(*entry)) continue;
        for (const auto& place : places) {
          auto path = place.folder + entry->path;
          if (path_fits(path, entry->path)) add(std::move(path), *entry, place.snapshots);
        }
      }
    } catch (const base::Error& error) {
      if (error.code() != base::ErrorCode::corruption &&
          error.code() != base::ErrorCode::not_found &&
          error.code() != base::ErrorCode::unsupported)
        throw;
      damaged_.push_back("tree " + catalog_.tree_id(tree).to_hex());
    }
  }

  bool fits(const Entry& entry) const {
    const auto& q = query_;
    const bool file = entry.type == EntryType::file;
    if (!q.types.empty() && q.types.find(static_cast<char>(entry.type)) == std::string::npos)
      return false;
    if (q.at_least && (!file || entry.content.size < *q.at_least)) return false;
    if (q.at_most && (!file || entry.content.size > *q.at_most)) return false;
    if (q.newer && entry.mtime_ns < *q.newer) return false;
    if (q.older && entry.mtime_ns >= *q.older) return false;
    return q.contents.empty() || (file && std::find(q.contents.begin(), q.contents.end(),
                                                    entry.content.id) != q.contents.end());
  }

  bool path_fits(const std::string& path, const std::string& name) const {
    if (names_.empty() && paths_.empty()) return true;
    const auto text = [&](const std::string& bytes) {
      return query_.ignore_case ? lower(bytes) : bytes;
    };
    const auto any = [](const auto& patterns, const std::string& subject, auto takes) {
      return std::any_of(patterns.begin(), patterns.end(),
                         [&](const auto& pattern) { return takes(pattern, subject); });
    };
    return any(names_, text(name), pattern_takes_name) ||
           any(paths_, text(path), pattern_takes_path);
  }

  void add(std::string path, const Entry& entry, const std::vector<std::uint32_t>& snapshots) {
    auto& versions = found_[std::move(path)];
    const auto same = std::find_if(versions.begin(), versions.end(), [&](const Version& version) {
      // Neither inode and time of the last change make another version, nor what lies in a folder.
      if (version.entry.type != entry.type ||
          version.entry.hard_link.empty() != entry.hard_link.empty())
        return false;
      const auto fields = differing_fields(version.entry, entry);
      return fields.empty() || (entry.type == EntryType::directory && fields.size() == 1 &&
                                fields.front() == "modified");
    });
    auto& version = same != versions.end() ? *same : versions.emplace_back(Version{entry, {}});
    version.snapshots.insert(version.snapshots.end(), snapshots.begin(), snapshots.end());
  }

  store::Repository& repository_;
  const TreeCatalog& catalog_;
  const FindQuery& query_;
  const std::unordered_set<hash::Digest>* selected_;
  Places places_;
  std::vector<std::string>& damaged_;
  const base::Cancellation* cancellation_;
  std::vector<std::string> names_;
  std::vector<std::string> paths_;
  std::map<std::string, std::vector<Version>, ByPath> found_;
};

}  // namespace

std::uint64_t find_entries(store::Repository& repository, const TreeCatalog& catalog,
                           const FindQuery& query, const std::unordered_set<hash::Digest>* selected,
                           const std::function<void(const Match&)>& visit,
                           std::vector<std::string>& damaged,
                           const base::Cancellation* cancellation) {
  Search search(repository, catalog, query, selected, damaged, cancellation);
  search.run();
  return search.report(visit);
}

}  // namespace provrun::snapshot
