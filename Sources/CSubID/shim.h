#pragma once
#include <stdbool.h>
#include <stdio.h>
#include <shadow/subid.h>
