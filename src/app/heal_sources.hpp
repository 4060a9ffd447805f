#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "provrun/base/cancellation.hpp"
#include "provrun/snapshot/checker.hpp"
#include "provrun/snapshot/manifest.hpp"
#include "provrun/store/repository.hpp"
#include "provrun/store/write_session.hpp"

namespace provrun::app {

/// A place outside of the repository where bytes that it has lost may still be.
class FileSources {
 public:
  virtual ~FileSources() = default;
  virtual std::string name() const = 0;
  /// Files that may hold the content which that snapshot has at the path.
  virtual std::vector<std::string> candidates(const snapshot::Manifest& manifest,
                                              const std::string& path,
                                              const store::FileContent& content) = 0;
};

/// The files that were stored, where they lay.
class LiveFiles : public FileSources {
 public:
  std::string name() const override { return "the live file"; }
  std::vector<std::string> candidates(const snapshot::Manifest& manifest, const std::string& path,
                                      const store::FileContent& content) override;
};

/// The outputs of a run done again in a folder that is removed with this object.
class StepsAgain : public FileSources {
 public:
  StepsAgain(store::Repository& repository, const base::Cancellation& cancellation)
      : repository_(repository), cancellation_(cancellation) {}
  ~StepsAgain() override;
  std::string name() const override { return "its step, run again"; }
  std::vector<std::string> candidates(const snapshot::Manifest& manifest, const std::string& path,
                                      const store::FileContent& content) override;

 private:
  store::Repository& repository_;
  const base::Cancellation& cancellation_;
  std::map<std::string, std::string> directories_;  ///< of a run, removed in the end
  std::map<std::string, std::string> places_;       ///< where its workspace lies in it
};

/// Stores what the damage lacks from files whose bytes have the recorded hash. How many files and
/// bundles were.
std::uint64_t store_from(store::Repository& repository, store::WriteSession& session,
                         const std::vector<snapshot::NeededDamage>& damage, FileSources& sources,
                         const base::Cancellation& cancellation);

}  // namespace provrun::app
