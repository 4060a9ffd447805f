#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace provrun::backend {

/// One object on its way into a backend. Destroyed without publish(), it never existed.
/// One thread at a time.
class Upload {
 public:
  virtual ~Upload() = default;
  virtual void append(std::span<const std::uint8_t> bytes) = 0;
  /// Makes the object's bytes durable and then visible, whole, under the name: create-if-absent,
  /// the one coordination primitive of a repository. False, and nothing changed, when the name is
  /// taken. The name itself is durable after the next Backend::barrier(). Call at most once.
  virtual bool publish(const std::string& name) = 0;
};

/// Immutable objects by name. A name is one or more components of [A-Za-z0-9._-] joined by "/".
/// Errors are base::Error: not_found, no_space, refused, unavailable, failed. Safe from any thread.
class Backend {
 public:
  virtual ~Backend() = default;

  /// For messages: a path or URL.
  virtual std::string location() const = 0;

  virtual std::unique_ptr<Upload> upload() = 0;
  /// upload(), append() and publish() in one.
  bool create(const std::string& name, std::string_view bytes);
  /// Makes an existing object visible under a second name, create-if-absent like Upload::publish;
  /// shares the bytes where the store can.
  virtual bool copy(const std::string& from, const std::string& to) = 0;
  /// Returns when every name published through this object, every removal made, and every name seen
  /// in directories given to rely_on() before the call is durable.
  virtual void barrier() = 0;
  /// Names found in the directory, whoever published them, are relied on: the next barrier covers
  /// them.
  virtual void rely_on(const std::string& directory) = 0;

  /// The object's size in bytes; nullopt when there is none.
  virtual std::optional<std::uint64_t> size_of(const std::string& name) = 0;
  /// Fills the whole buffer from the offset. Error(not_found) when there is no such object,
  /// Error(corruption) when it ends before the buffer is full.
  virtual void read(const std::string& name, std::uint64_t offset,
                    std::span<std::uint8_t> buffer) = 0;
  /// The whole object; Error(corruption) when it is larger than the limit.
  std::string read_all(const std::string& name, std::uint64_t limit);

  /// Last components of the names directly below the directory (objects and sub-directories),
  /// sorted by bytes; empty when there are none.
  virtual std::vector<std::string> list(const std::string& directory) = 0;
  /// False when there was none.
  virtual bool remove(const std::string& name) = 0;
};

}  // namespace provrun::backend
