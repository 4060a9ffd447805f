#pragma once

#include <string>
#include <utility>

#include "provrun/backend/backend.hpp"
#include "provrun/base/cancellation.hpp"
#include "provrun/base/error.hpp"
#include "provrun/parity/recovery_set.hpp"

namespace provrun::store {

/// An object of a backend as the room parity wants it. Error(not_found) when it is not there.
class ObjectSource : public parity::ByteSource {
 public:
  ObjectSource(backend::Backend& backend, std::string name,
               const base::Cancellation* cancellation = nullptr)
      : backend_(backend), name_(std::move(name)), cancellation_(cancellation) {
    const auto size = backend_.size_of(name_);
    if (!size) throw base::Error(base::ErrorCode::not_found, name_ + " is missing");
    size_ = *size;
  }
  std::uint64_t size() const override { return size_; }
  void read(std::uint64_t offset, std::span<std::uint8_t> buffer) override {
    if (cancellation_ != nullptr) cancellation_->check();
    backend_.read(name_, offset, buffer);
  }
  const std::string& name() const { return name_; }

 private:
  backend::Backend& backend_;
  std::string name_;
  const base::Cancellation* cancellation_;
  std::uint64_t size_ = 0;
};

}  // namespace provrun::store
