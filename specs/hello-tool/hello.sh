#!/bin/sh
# Says from where it was started: a task runs it as $AZ_BATCH_APP_PACKAGE_hello_1_0/hello.sh
echo "hello from $(dirname "$0")"
