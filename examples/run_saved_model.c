/* Run a SavedModel with TensorFlow's C API: no Python, no protocol buffers.
 *
 *   cc run_saved_model.c -o run_saved_model -I$TF/include -L$TF -l:libtensorflow_cc.so.2 \
 *      -l:libtensorflow_framework.so.2 -Wl,-rpath,$TF
 *   ./run_saved_model BUNDLE [OP_LIBRARY] < request.txt
 *
 * $TF is the folder of the Python package `tensorflow`, or of libtensorflow. OP_LIBRARY holds
 * operations that are not part of TensorFlow, such as ScaNN's.
 *
 * A line of the request is one tensor, its fields separated by tabs:
 *
 *   in   OPERATION  INDEX  DTYPE  RANK  SIZES...  VALUES...      DTYPE: string, float32, int32, int64
 *   out  OPERATION  INDEX
 *
 * Each output is printed as one line: its dtype, its sizes and its values, separated by tabs.
 * Operations are those of the signature: `saved_model_cli show --dir BUNDLE --all` lists them.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tensorflow/c/c_api.h"
#include "tensorflow/c/tf_tstring.h"

enum { MOST_TENSORS = 64, MOST_SIZES = 8 };

static void fail(const char *what, const char *why) {
  fprintf(stderr, "%s: %s\n", what, why);
  exit(1);
}

static void check(TF_Status *status, const char *what) {
  if (TF_GetCode(status) != TF_OK) fail(what, TF_Message(status));
}

/* The next field of a line; empty fields are values, so strtok will not do. */
static char *field(char **rest) {
  if (*rest == NULL) fail("request", "a line has too few fields");
  return strsep(rest, "\t");
}

static int64_t whole(char **rest) { return strtoll(field(rest), NULL, 10); }

static TF_DataType dtype_of(const char *name) {
  if (strcmp(name, "string") == 0) return TF_STRING;
  if (strcmp(name, "float32") == 0) return TF_FLOAT;
  if (strcmp(name, "int32") == 0) return TF_INT32;
  if (strcmp(name, "int64") == 0) return TF_INT64;
  fail("dtype", name);
  return TF_FLOAT;
}

static void set_value(void *data, TF_DataType dtype, int64_t place, const char *text) {
  if (dtype == TF_FLOAT) ((float *)data)[place] = strtof(text, NULL);
  if (dtype == TF_INT32) ((int32_t *)data)[place] = (int32_t)strtoll(text, NULL, 10);
  if (dtype == TF_INT64) ((int64_t *)data)[place] = strtoll(text, NULL, 10);
  if (dtype == TF_STRING) {
    TF_TString *string = (TF_TString *)data + place;
    TF_TString_Init(string);
    TF_TString_Copy(string, text, strlen(text));
  }
}

static TF_Tensor *read_tensor(char **rest) {
  TF_DataType dtype = dtype_of(field(rest));
  int64_t sizes[MOST_SIZES], count = 1, rank = whole(rest);
  if (rank < 0 || rank > MOST_SIZES) fail("request", "a tensor has too many sizes");
  for (int64_t i = 0; i < rank; i++) {
    sizes[i] = whole(rest);
    if (sizes[i] < 0) fail("request", "a size is negative");
    count *= sizes[i];
  }
  size_t bytes = (size_t)count * TF_DataTypeSize(dtype);
  if (dtype == TF_STRING) bytes = (size_t)count * sizeof(TF_TString);
  TF_Tensor *tensor = TF_AllocateTensor(dtype, sizes, (int)rank, bytes);
  for (int64_t i = 0; i < count; i++) set_value(TF_TensorData(tensor), dtype, i, field(rest));
  return tensor;
}

static TF_Output read_output(TF_Graph *graph, char **rest) {
  const char *name = field(rest);
  TF_Output output = {TF_GraphOperationByName(graph, name), 0};
  if (output.oper == NULL) fail("no such operation", name);
  output.index = (int)whole(rest);
  return output;
}

static void print_value(const void *data, TF_DataType dtype, int64_t place) {
  if (dtype == TF_FLOAT) printf("\t%.9g", ((const float *)data)[place]);
  if (dtype == TF_INT32) printf("\t%" PRId32, ((const int32_t *)data)[place]);
  if (dtype == TF_INT64) printf("\t%" PRId64, ((const int64_t *)data)[place]);
  if (dtype == TF_STRING) {
    const TF_TString *string = (const TF_TString *)data + place;
    printf("\t%.*s", (int)TF_TString_GetSize(string), TF_TString_GetDataPointer(string));
  }
}

static void print_tensor(const TF_Tensor *tensor) {
  int64_t count = 1;
  printf("%d\t%d", (int)TF_TensorType(tensor), TF_NumDims(tensor));
  for (int i = 0; i < TF_NumDims(tensor); i++) {
    count *= TF_Dim(tensor, i);
    printf("\t%" PRId64, TF_Dim(tensor, i));
  }
  for (int64_t i = 0; i < count; i++)
    print_value(TF_TensorData(tensor), TF_TensorType(tensor), i);
  printf("\n");
}

int main(int argc, char **argv) {
  if (argc < 2) fail("usage", "run_saved_model BUNDLE [OP_LIBRARY] < request.txt");
  TF_Status *status = TF_NewStatus();
  if (argc > 2) {
    TF_LoadLibrary(argv[2], status);
    check(status, argv[2]);
  }
  TF_Graph *graph = TF_NewGraph();
  TF_SessionOptions *options = TF_NewSessionOptions();
  const char *tags[] = {"serve"};
  TF_Session *session =
      TF_LoadSessionFromSavedModel(options, NULL, argv[1], tags, 1, graph, NULL, status);
  check(status, argv[1]);

  TF_Output inputs[MOST_TENSORS], outputs[MOST_TENSORS];
  TF_Tensor *given[MOST_TENSORS], *found[MOST_TENSORS];
  int asked = 0, wanted = 0;
  char *line = NULL;
  size_t room = 0;
  for (ssize_t length; (length = getline(&line, &room, stdin)) > 0;) {
    if (line[length - 1] == '\n') line[length - 1] = '\0';
    if (asked == MOST_TENSORS || wanted == MOST_TENSORS) fail("request", "too many tensors");
    char *rest = line;
    if (strcmp(field(&rest), "in") == 0) {
      inputs[asked] = read_output(graph, &rest);
      given[asked++] = read_tensor(&rest);
    } else {
      outputs[wanted++] = read_output(graph, &rest);
    }
  }
  TF_SessionRun(session, NULL, inputs, given, asked, outputs, found, wanted, NULL, 0, NULL, status);
  check(status, "run");
  for (int i = 0; i < wanted; i++) print_tensor(found[i]);

  for (int i = 0; i < wanted; i++) TF_DeleteTensor(found[i]);
  for (int i = 0; i < asked; i++) TF_DeleteTensor(given[i]);
  TF_CloseSession(session, status);
  TF_DeleteSession(session, status);
  TF_DeleteSessionOptions(options);
  TF_DeleteGraph(graph);
  TF_DeleteStatus(status);
  free(line);
  return 0;
}
