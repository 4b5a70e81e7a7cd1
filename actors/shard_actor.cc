#include "actors/shard_actor.h"

#include <chrono>

#include "actors/logging.h"

namespace keyzone::actors {

ShardActor::ShardActor(caf::actor_config& config, size_t shard) : event_based_actor(config), shard_(shard) {
  set_default_handler(
      [](caf::scheduled_actor* self, caf::message_view& message) -> caf::result<caf::message> {
        log_error("actor {} got a message that it does not know: {}", self->id(),
                  caf::to_string(message.copy_content_to_message()));
        return caf::message();
      });
  set_error_handler([](caf::scheduled_actor* self, caf::error& error) {
    log_error("actor {} got an error: {}", self->id(), caf::to_string(error));
  });
  set_exception_handler([](caf::scheduled_actor* self, std::exception_ptr& pointer) -> caf::error {
    try {
      std::rethrow_exception(pointer);
    } catch (const std::exception& exception) {
      log_critical("actor {} dies of an exception: {}", self->id(), exception.what());
    }
    std::abort();  // only we can get this wrong
  });
}

Timestamp ShardActor::now_us() const {
  const auto now = const_cast<ShardActor*>(this)->clock().now();  // CAF's is not const
  return std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count();
}

}  // namespace keyzone::actors
