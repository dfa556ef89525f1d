# Machines, functions, containers, workflows.
resource "aws_key_pair" "main" {
  key_name   = "estate"
  public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ4DzD0f0YH8FzBP6c0gUXkrM0KPyS5aCCyEOhQm9u6I estate@test"
}

resource "aws_instance" "main" {
  count                  = 3
  ami                    = "ami-12c6146b"
  instance_type          = "t3.micro"
  subnet_id              = aws_subnet.main[0].id
  vpc_security_group_ids = [aws_security_group.inline[0].id]
  key_name               = aws_key_pair.main.key_name
  iam_instance_profile   = aws_iam_instance_profile.main[0].name
  root_block_device {
    volume_size = 8
    volume_type = "gp3"
  }
  tags = { Name = "estate-${count.index}" }
}

resource "aws_volume_attachment" "data" {
  count       = 2
  device_name = "/dev/sdf"
  volume_id   = aws_ebs_volume.data[count.index].id
  instance_id = aws_instance.main[count.index].id
}

resource "aws_eip_association" "main" {
  instance_id   = aws_instance.main[0].id
  allocation_id = aws_eip.nat[1].id
}

resource "aws_launch_template" "main" {
  count         = 2
  name          = "estate-${count.index}"
  description   = "estate"
  image_id      = "ami-12c6146b"
  instance_type = "t3.micro"
  key_name      = aws_key_pair.main.key_name
  tags          = { Name = "estate-${count.index}" }
}

resource "aws_autoscaling_group" "main" {
  count               = 2
  name                = "estate-${count.index}"
  min_size            = 0
  max_size            = 3
  desired_capacity    = 1
  vpc_zone_identifier = [aws_subnet.main[0].id, aws_subnet.main[1].id]
  launch_template {
    id      = aws_launch_template.main[0].id
    version = "1"
  }
  tag {
    key                 = "Name"
    value               = "estate"
    propagate_at_launch = true
  }
  lifecycle {
    ignore_changes = [desired_capacity]
  }
}

resource "aws_autoscaling_attachment" "main" {
  autoscaling_group_name = aws_autoscaling_group.main[1].name
  lb_target_group_arn    = aws_lb_target_group.main[2].arn
}

resource "aws_lambda_function" "main" {
  count            = 3
  function_name    = "estate-${count.index}"
  description      = "estate"
  role             = aws_iam_role.inline[0].arn
  handler          = "index.handler"
  runtime          = "nodejs20.x"
  filename         = "${path.module}/function.zip"
  source_code_hash = filebase64sha256("${path.module}/function.zip")
  memory_size      = 256
  timeout          = 10
  environment {
    variables = { STAGE = "test", LEVEL = "info" }
  }
  tags = { Name = "estate-${count.index}" }
}

resource "aws_lambda_alias" "main" {
  name             = "live"
  description      = "estate"
  function_name    = aws_lambda_function.main[0].function_name
  function_version = "$LATEST"
}

resource "aws_lambda_permission" "main" {
  count         = 2
  statement_id  = "events"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.main[count.index].function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.main[count.index].arn
}

resource "aws_lambda_event_source_mapping" "main" {
  event_source_arn = aws_sqs_queue.plain[2].arn
  function_name    = aws_lambda_function.main[2].arn
  batch_size       = 10
}

resource "aws_lambda_layer_version" "main" {
  layer_name          = "estate"
  filename            = "${path.module}/function.zip"
  compatible_runtimes = ["nodejs20.x"]
}

resource "aws_ecr_repository" "main" {
  count                = 3
  name                 = "estate-${count.index}"
  image_tag_mutability = "IMMUTABLE"
  image_scanning_configuration {
    scan_on_push = true
  }
  tags = { Name = "estate-${count.index}" }
}

resource "aws_ecr_repository_policy" "main" {
  repository = aws_ecr_repository.main[0].name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Pull"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::123456789012:root" }
      Action    = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    }]
  })
}

resource "aws_ecr_lifecycle_policy" "main" {
  repository = aws_ecr_repository.main[0].name
  policy = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "few"
      selection    = { tagStatus = "untagged", countType = "imageCountMoreThan", countNumber = 5 }
      action       = { type = "expire" }
    }]
  })
}

resource "aws_ecs_cluster" "main" {
  count = 2
  name  = "estate-${count.index}"
  setting {
    name  = "containerInsights"
    value = "enabled"
  }
  tags = { Name = "estate-${count.index}" }
}

resource "aws_ecs_task_definition" "main" {
  family = "estate"
  cpu    = "256"
  memory = "512"

  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE"]
  container_definitions = jsonencode([{
    name         = "web"
    image        = "nginx"
    cpu          = 10
    memory       = 128
    essential    = true
    portMappings = [{ containerPort = 80, hostPort = 80 }]
  }])
  tags = { Name = "estate" }
}

resource "aws_ecs_service" "main" {
  count           = 2
  name            = "estate-${count.index}"
  cluster         = aws_ecs_cluster.main[0].id
  task_definition = aws_ecs_task_definition.main.arn
  desired_count   = 1
  launch_type     = "FARGATE"
  network_configuration {
    subnets         = [aws_subnet.main[0].id]
    security_groups = [aws_security_group.inline[0].id]
  }
  lifecycle {
    ignore_changes = [desired_count]
  }
}

resource "aws_sfn_activity" "main" {
  name = "estate"
  tags = { Name = "estate" }
}
