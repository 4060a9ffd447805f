#include "provrun/base/error.hpp"

#include <cerrno>
#include <system_error>

namespace provrun::base {

std::string_view name_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::not_found:
      return "not_found";
    case ErrorCode::invalid_input:
      return "invalid_input";
    case ErrorCode::corruption:
      return "corruption";
    case ErrorCode::no_space:
      return "no_space";
    case ErrorCode::unavailable:
      return "unavailable";
    case ErrorCode::conflict:
      return "conflict";
    case ErrorCode::refused:
      return "refused";
    case ErrorCode::step_failed:
      return "step_failed";
    case ErrorCode::timeout:
      return "timeout";
    case ErrorCode::cancelled:
      return "cancelled";
    case ErrorCode::unsupported:
      return "unsupported";
    case ErrorCode::wrong_key:
      return "wrong_key";
    case ErrorCode::failed:
      return "failed";
    case ErrorCode::internal:
      return "internal";
  }
  return "internal";
}

std::string Position::to_string() const {
  std::string text = file;
  if (line > 0) text += ":" + std::to_string(line);
  if (line > 0 && column > 0) text += ":" + std::to_string(column);
  return text;
}

Error::Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

Error&& Error::hint(std::string text) && {
  hint_ = std::move(text);
  return std::move(*this);
}

Error&& Error::at(Position position) && {
  position_ = std::move(position);
  return std::move(*this);
}

void Error::add_context(std::string text) {
  message_ = std::move(text) + ": " + message_;
}

ErrorList::ErrorList(std::vector<Error> errors)
    : Error(errors.front()), errors_(std::move(errors)) {}

Error system_error(int error_number, std::string_view what) {
  ErrorCode code = ErrorCode::failed;
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
    case ENAMETOOLONG:
      code = ErrorCode::not_found;
      break;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      code = ErrorCode::no_space;
      break;
    case EACCES:
    case EPERM:
    case EROFS:
      code = ErrorCode::refused;
      break;
    case EAGAIN:
    case EBUSY:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      code = ErrorCode::unavailable;
      break;
    default:
      break;
  }
  return Error(code, std::string(what) + ": " + std::generic_category().message(error_number));
}

}  // namespace provrun::base
