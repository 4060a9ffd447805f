#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_set>

#include "provrun/app/archive.hpp"
#include "provrun/app/recognised_ids.hpp"
#include "provrun/core/ports/results.hpp"

namespace provrun::app {

/// Results kept in a repository, found through its catalog.
class StoredResults : public core::Results {
 public:
  /// What the file at the path is; nullopt where there is none that can be read.
  using ContentNow = RecognisedIds::ContentNow;
  /// root: the workspace the outputs are restored to, absolute. hash_key: its secret, or "".
  StoredResults(Archive& archive, std::string root, std::string hash_key, ContentNow content_now);

  ~StoredResults() override;

  std::optional<core::StoredResult> find(
      const hash::Digest& step_key,
      const std::function<bool(const core::StoredResult&)>& fits) override;
  void restore(const core::Artifact& output) override;
  /// Contents of which the repository has keyed hashes alone, and which files here were found to
  /// have.
  const std::unordered_set<core::ContentId>& recognised() const { return recognised_.contents(); }
  /// The target of an output of the last find that is a link.
  std::optional<std::string> link_target(const std::string& path) const;

 private:
  struct Observations;
  bool find_outputs(const catalog::KnownResult& known, core::StoredResult& result);
  void add_observed(const catalog::KnownResult& known, core::StoredResult& result);
  bool may_fit(const catalog::KnownResult& known);
  std::optional<store::FileContent> locate(const core::Artifact& artifact,
                                           const std::string& snapshot);

  Archive& archive_;
  std::string root_;
  ContentNow content_now_;
  RecognisedIds recognised_;
  std::map<std::string, snapshot::Manifest> manifests_;
  struct Link {
    std::string target;
    std::string leads_to;  ///< a path of the workspace; "" when it leads to no regular file
    core::ContentId content;
  };
  const snapshot::Manifest& manifest_of(const std::string& snapshot);
  bool locate_link(core::Artifact& output, const std::string& snapshot);
  bool leads_to_its_content(const Link& link) const;

  std::map<std::string, store::FileContent> found_;  ///< by path, of the last find
  std::map<std::string, Link> links_;                ///< the same, of outputs that are links
  std::unique_ptr<Observations> observations_;
};

/// The form in which Catalog::put_content_location keeps where a content lies.
std::vector<std::uint8_t> encode_location(const store::FileContent& content);
/// nullopt when the bytes are no location.
std::optional<store::FileContent> decode_location(const core::ContentId& id,
                                                  std::span<const std::uint8_t> bytes);
/// Where a content of at most one chunk lies: known from its id and size alone.
std::optional<store::FileContent> single_chunk(const core::ContentId& id, std::uint64_t size,
                                               const store::RepositoryConfig& config);

/// Never finds anything: every step runs.
class NoResults : public core::Results {
 public:
  std::optional<core::StoredResult> find(
      const hash::Digest&, const std::function<bool(const core::StoredResult&)>&) override {
    return std::nullopt;
  }
  void restore(const core::Artifact&) override {}
};

}  // namespace provrun::app
