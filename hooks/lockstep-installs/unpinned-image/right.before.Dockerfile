# syntax=docker/dockerfile:1
ARG CUDA=12.4.1
ARG BASE
FROM nvidia/cuda:${CUDA}-devel-ubuntu22.04 AS build
FROM build AS test
FROM $BASE AS other
FROM scratch
FROM registry.example.com:5000/ml/train@sha256:0000000000000000000000000000000000000000000000000000000000000000
COPY --from=build /env /env
COPY --from=0 /env /env
