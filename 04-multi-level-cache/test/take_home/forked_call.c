/* SPDX-License-Identifier: MIT */
#include "forked_call.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

/* Each message has its kind and its size before it. */
enum { QUESTION, RESULT };

static bool write_all(int fd, const void *bytes, size_t size)
{
    const char *at = bytes;
    for (ssize_t written; size != 0; at += written, size -= (size_t)written) {
        written = write(fd, at, size);
        if (written < 0 && errno != EINTR)
            return false;
        if (written < 0)
            written = 0;
    }
    return true;
}

static bool read_all(int fd, void *bytes, size_t size)
{
    char *at = bytes;
    for (ssize_t got; size != 0; at += got, size -= (size_t)got) {
        got = read(fd, at, size);
        if (got == 0 || (got < 0 && errno != EINTR))
            return false;
        if (got < 0)
            got = 0;
    }
    return true;
}

static bool send_message(int fd, size_t kind, Slice bytes)
{
    size_t head[] = {kind, bytes.size};
    return write_all(fd, head, sizeof head) && write_all(fd, bytes.data, bytes.size);
}

static bool receive_message(int fd, size_t *kind, ByteBuffer *bytes)
{
    size_t head[2];
    if (!read_all(fd, head, sizeof head))
        return false;
    *kind = head[0];
    bytes->size = 0;
    buffer_reserve(bytes, head[1] + 1);
    bytes->size = head[1];
    return read_all(fd, bytes->data, head[1]);
}

Slice forked_ask(ForkedChild *child, Slice question)
{
    size_t kind;
    ByteBuffer answer = {0};
    if (!send_message(child->to_parent, QUESTION, question) ||
        !receive_message(child->from_parent, &kind, &answer))
        _exit(1); /* the parent is gone */
    return buffer_slice(&answer);
}

static void run_in_child(ForkedRun run, void *context, ForkedChild child)
{
    ByteBuffer result = {0};
    bool is_right = run(context, &child, &result) &&
                    send_message(child.to_parent, RESULT, buffer_slice(&result));
    _exit(is_right ? 0 : 1);
}

static void serve(int from_child, int to_child, ForkedAnswer answer, void *context,
                  ByteBuffer *result)
{
    ByteBuffer message = {0}, reply = {0};
    for (size_t kind; receive_message(from_child, &kind, &message);) {
        if (kind == RESULT) {
            buffer_put(result, buffer_slice(&message));
            break;
        }
        reply.size = 0;
        answer(context, buffer_slice(&message), &reply);
        if (!send_message(to_child, QUESTION, buffer_slice(&reply)))
            break;
    }
    buffer_free(&message);
    buffer_free(&reply);
}

int forked_call(ForkedRun run, void *context, ForkedAnswer answer, void *answer_context,
                ByteBuffer *result)
{
    int up[2], down[2], status = 0;
    size_t before = result->size;
    if (pipe(up) != 0)
        return -errno;
    pid_t child = pipe(down) != 0 ? -1 : fork();
    int error = child < 0 ? -errno : 0;
    if (child == 0)
        run_in_child(run, context, (ForkedChild){up[1], down[0]});
    close(up[1]);
    if (child > 0) {
        close(down[0]);
        serve(up[0], down[1], answer, answer_context, result);
        close(down[1]);
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
            ;
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
            error = -ECHILD;
            result->size = before;
        }
    }
    close(up[0]);
    return error;
}
