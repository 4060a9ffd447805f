#pragma once

#include <cstdlib>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "provrun/backend/backend.hpp"
#include "provrun/base/error.hpp"

namespace provrun::test {

/// What survives of a store: objects, and the changes of names that no barrier has covered yet.
struct MemoryStore {
  using Objects = std::map<std::string, std::string>;
  Objects objects;  ///< as a running process sees them
  Objects durable;  ///< as they are after a power cut that kept nothing it need not keep

  /// Power fails: each name changed since the last barrier is as before it or as after it, chosen
  /// by keep.
  void lose_power(const std::function<bool(const std::string& name)>& keep) {
    std::set<std::string> names;
    for (const auto& object : objects) names.insert(object.first);
    for (const auto& object : durable) names.insert(object.first);
    for (const auto& name : names) {
      if (!keep(name)) continue;
      const auto found = objects.find(name);
      if (found == objects.end()) {
        durable.erase(name);
      } else {
        durable[name] = found->second;
      }
    }
    objects = durable;
  }
};

/// A backend in memory. Counts its operations, and fails from a chosen one on.
class MemoryBackend : public backend::Backend {
 public:
  explicit MemoryBackend(std::shared_ptr<MemoryStore> store = std::make_shared<MemoryStore>())
      : store_(std::move(store)) {}

  /// The operation of this number, counted from 1, and all after it fail with the code.
  void fail_from(std::uint64_t operation, base::ErrorCode code) {
    fail_from_ = operation;
    code_ = code;
  }
  /// Only writing fails from there on; reading goes on, as on a full disk.
  void fail_writes_from(std::uint64_t operation, base::ErrorCode code) {
    fail_from(operation, code);
    only_writes_ = true;
  }
  std::uint64_t operations() const { return operations_; }
  std::shared_ptr<MemoryStore> store() const { return store_; }

  std::string location() const override { return "memory"; }

  std::unique_ptr<backend::Upload> upload() override {
    return std::make_unique<MemoryUpload>(*this);
  }

  bool copy(const std::string& from, const std::string& to) override {
    const std::lock_guard lock(mutex_);
    step(Kind::write);
    return store_->objects.emplace(to, find(from)).second;
  }

  void barrier() override {
    const std::lock_guard lock(mutex_);
    step(Kind::write);
    store_->durable = store_->objects;
  }

  void rely_on(const std::string&) override {}

  std::optional<std::uint64_t> size_of(const std::string& name) override {
    const std::lock_guard lock(mutex_);
    step(Kind::read);
    const auto found = store_->objects.find(name);
    if (found == store_->objects.end()) return std::nullopt;
    return found->second.size();
  }

  void read(const std::string& name, std::uint64_t offset,
            std::span<std::uint8_t> buffer) override {
    const std::lock_guard lock(mutex_);
    step(Kind::read);
    const auto& bytes = find(name);
    if (offset + buffer.size() > bytes.size())
      throw base::Error(base::ErrorCode::corruption, name + " is shorter than it should be");
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), buffer.size(), buffer.begin());
  }

  std::vector<std::string> list(const std::string& directory) override {
    const std::lock_guard lock(mutex_);
    step(Kind::read);
    const auto prefix = directory.empty() ? std::string() : directory + "/";
    std::set<std::string> names;
    for (const auto& object : store_->objects)
      if (object.first.starts_with(prefix)) {
        const auto rest = object.first.substr(prefix.size());
        names.insert(rest.substr(0, rest.find('/')));
      }
    return {names.begin(), names.end()};
  }

  bool remove(const std::string& name) override {
    const std::lock_guard lock(mutex_);
    step(Kind::write);
    return store_->objects.erase(name) > 0;
  }

 private:
  enum class Kind { read, write };

  class MemoryUpload : public backend::Upload {
   public:
    explicit MemoryUpload(MemoryBackend& backend) : backend_(backend) {}
    void append(std::span<const std::uint8_t> bytes) override {
      const std::lock_guard lock(backend_.mutex_);
      backend_.step(Kind::write);
      bytes_.append(bytes.begin(), bytes.end());
    }
    bool publish(const std::string& name) override {
      const std::lock_guard lock(backend_.mutex_);
      backend_.step(Kind::write);
      return backend_.store_->objects.emplace(name, bytes_).second;
    }

   private:
    MemoryBackend& backend_;
    std::string bytes_;
  };

  void step(Kind kind) {
    ++operations_;
    if (fail_from_ != 0 && operations_ >= fail_from_ && (kind == Kind::write || !only_writes_))
      throw base::Error(code_, "memory: failure on request");
  }

  const std::string& find(const std::string& name) const {
    const auto found = store_->objects.find(name);
    if (found == store_->objects.end())
      throw base::Error(base::ErrorCode::not_found, name + " is not there");
    return found->second;
  }

  std::mutex mutex_;
  std::shared_ptr<MemoryStore> store_;
  std::uint64_t operations_ = 0;
  std::uint64_t fail_from_ = 0;
  base::ErrorCode code_ = base::ErrorCode::failed;
  bool only_writes_ = false;
};

}  // namespace provrun::test
